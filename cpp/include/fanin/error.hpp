// The exceptions fanin throws. Each message names the argument, what came and what was expected.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace fanin {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A value, shape or name that is not allowed; nothing was written.
class ValueError : public Error {
 public:
  using Error::Error;
};

// An invalid value in a matrix. The message is: argument: row 3, column 1 problem
class BadValueError : public ValueError {
 public:
  BadValueError(const std::string& of_argument, std::size_t at_row, std::size_t at_column,
                const std::string& its_problem)
      : ValueError(of_argument + ": row " + std::to_string(at_row) + ", column " + std::to_string(at_column) +
                   " " + its_problem),
        argument(of_argument),
        row(at_row),
        column(at_column),
        problem(its_problem) {}
  std::string argument;
  std::size_t row, column;  // counted from 0
  std::string problem;
};

// Bytes that are not a fanin model, or only part of one.
class FormatError : public ValueError {
 public:
  using ValueError::ValueError;
};

// A file that cannot be read or written; code is an errno, problem its message and any hint.
class FileError : public Error {
 public:
  FileError(const std::string& of_path, int of_errno, const std::string& hint = {});
  std::string path, problem;
  int code;
};

// A network or an optimizer that another thread is fitting or stepping.
class BusyError : public Error {
 public:
  using Error::Error;
};

// A call that ended early because its `interrupted` callback returned true.
class InterruptedError : public Error {
 public:
  using Error::Error;
};

// The loss or the weights became NaN or infinite. The weights of the last finite epoch end are restored.
class DivergedError : public Error {
 public:
  DivergedError(const std::string& message, std::size_t at_epoch, std::size_t at_step, std::size_t at_layer)
      : Error(message), epoch(at_epoch), step(at_step), layer(at_layer) {}
  std::size_t epoch, step, layer;  // counted from 1; the epoch within its fit
};

}  // namespace fanin

#pragma GCC visibility pop
