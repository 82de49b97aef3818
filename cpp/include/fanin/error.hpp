// The exceptions fanin throws, each with a sentence that names the argument, what came and what was expected.
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

// A value, a shape or a name that cannot be used; nothing was written.
class ValueError : public Error {
 public:
  using Error::Error;
};

// A value of a matrix that cannot be used. The sentence is: argument: row 3, column 1 problem
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

// Bytes that are no model of fanin's, or not a whole one.
class FormatError : public ValueError {
 public:
  using ValueError::ValueError;
};

// A file that cannot be read or written; code is an errno, problem its message and what helps beside it.
class FileError : public Error {
 public:
  FileError(const std::string& of_path, int of_errno, const std::string& hint = {});
  std::string path, problem;
  int code;
};

// A network that one thread fits, or an optimizer that one thread steps, while another uses it.
class BusyError : public Error {
 public:
  using Error::Error;
};

// A call that ended early because the `interrupted` it was given said so.
class InterruptedError : public Error {
 public:
  using Error::Error;
};

// The loss or the weights stopped being finite. The weights of the last finite epoch end are restored.
class DivergedError : public Error {
 public:
  DivergedError(const std::string& sentence, std::size_t at_epoch, std::size_t at_step, std::size_t at_layer)
      : Error(sentence), epoch(at_epoch), step(at_step), layer(at_layer) {}
  std::size_t epoch, step, layer;  // counted from 1, the epoch in its fit
};

}  // namespace fanin

#pragma GCC visibility pop
