// Errors: everything that Lanewise throws.
//
// A caller can act on every class but InternalError: fix a shape, a dtype, an
// index, an argument, a file, its contents, or a device. The fields say in
// numbers what the text says in words. One table (error_kinds) maps a class to
// the exception of Python, the exit code of the command line and an HTTP status.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/shape.h"

namespace lanewise {

enum class ErrorKind : uint8_t { shape, dtype, index, value, io, data, device, internal };

// How one kind of error is told to the world outside C++.
struct ErrorMapping {
  ErrorKind kind;
  std::string_view name;              // "ShapeError"
  std::string_view python_exception;  // the built-in class it derives from
  int exit_code;                      // of the command line: 1 the job failed, 2 wrong usage
  int http_status;
};

// The one table of mappings, a row a kind, in the order of ErrorKind.
std::span<const ErrorMapping> error_kinds();

// The base of all errors of Lanewise. what() is a complete, readable sentence.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Shapes that an operation can't combine.
class ShapeError : public Error {
 public:
  // What failed: `operation` on operands of `shapes`; `axis` (of the result,
  // counted from the front; -1 where no single axis fails) with the two
  // extents that clash; `repair` is the likely remedy, a phrase, may be empty.
  struct Details {
    std::string operation;
    std::vector<Shape> shapes;
    int axis = -1;
    int64_t left = 0, right = 0;
    std::string repair;
  };
  ShapeError(const std::string& text, Details details)
      : Error(ErrorKind::shape, text), details_(std::move(details)) {}
  const Details& details() const { return details_; }

 private:
  Details details_;
};

// A dtype that an operation doesn't take.
class DTypeError : public Error {
 public:
  explicit DTypeError(const std::string& text) : Error(ErrorKind::dtype, text) {}
};

// An index or axis outside its range.
class IndexError : public Error {
 public:
  explicit IndexError(const std::string& text) : Error(ErrorKind::index, text) {}
};

// An argument outside its range: a negative learning rate, zero epochs.
class ValueError : public Error {
 public:
  explicit ValueError(const std::string& text) : Error(ErrorKind::value, text) {}
};

// A file that can't be opened, read or written.
class IoError : public Error {
 public:
  IoError(const std::string& path, const std::string& problem)
      : Error(ErrorKind::io, path + ": " + problem), path_(path) {}
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A file whose contents are damaged or don't fit: `line` (from 1) for text,
// `offset` in bytes for binary files; -1 where it doesn't apply.
class DataError : public Error {
 public:
  explicit DataError(const std::string& text, std::string path = {}, int64_t line = -1,
                     int64_t offset = -1)
      : Error(ErrorKind::data, text), path_(std::move(path)), line_(line), offset_(offset) {}
  const std::string& path() const { return path_; }
  int64_t line() const { return line_; }
  int64_t offset() const { return offset_; }

 private:
  std::string path_;
  int64_t line_, offset_;
};

// A device that is absent or out of memory.
class DeviceError : public Error {
 public:
  explicit DeviceError(const std::string& text) : Error(ErrorKind::device, text) {}
};

// A defect of Lanewise itself; please report it.
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& text)
      : Error(ErrorKind::internal, "internal error (please report it): " + text) {}
};

}  // namespace lanewise
