#include "gil.h"

#include <unistd.h>

namespace lanewise::python {
namespace {

// f(), but for an unwinding that would end the thread.
template <class F>
auto or_wait(F f) noexcept {
  try {
    return f();
  } catch (...) {
    while (true) pause();
  }
}

}  // namespace

GilReleased::~GilReleased() {
  or_wait([this] { PyEval_RestoreThread(state_); });
}

GilHeld::GilHeld() : state_(or_wait([] { return PyGILState_Ensure(); })) {}

}  // namespace lanewise::python
