// The lock of the interpreter, given up and taken so that a thread survives the interpreter's end.
#pragma once

#include <Python.h>

namespace lanewise::python {

// CPython up to 3.13 ends a thread that takes the GIL while the interpreter exits, by unwinding its
// stack, which frames of C++ don't survive. Here such a thread waits for the end of the process.
class GilReleased {
 public:
  GilReleased() : state_(PyEval_SaveThread()) {}
  ~GilReleased();
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

class GilHeld {
 public:
  GilHeld();
  ~GilHeld() { PyGILState_Release(state_); }
  GilHeld(const GilHeld&) = delete;
  GilHeld& operator=(const GilHeld&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace lanewise::python
