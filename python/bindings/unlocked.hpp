// The global interpreter lock, given up while C++ works, and taken again.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <type_traits>

#include "register.hpp"

// f(), which may wait for the lock, or run Python. Before 3.14 Python ends a daemon thread that does so when
// the main thread has come to its end, by an unwinding that destructors would answer with std::terminate:
// such a thread waits for the end of the process instead.
template <class F>
decltype(auto) or_sleep_to_the_end(F&& f) {
#if defined(__GLIBCXX__)
  try {
    return f();
  } catch (const abi::__forced_unwind&) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
#else
  return f();
#endif
}

// Other threads may run Python until the end of the scope. (pybind11's own class would not survive the
// above.)
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  ~Unlocked() {
    or_sleep_to_the_end([this] { PyEval_RestoreThread(state_); });
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

// Asked while the lock is given up: whether Python has an exception for this thread, such as of Ctrl-C
inline bool signal_pending() {
  std::optional<py::gil_scoped_acquire> locked;
  or_sleep_to_the_end([&] { locked.emplace(); });
  return PyErr_CheckSignals() != 0;
}

// f() while the lock is given up. An exception that Python has for this thread by then, such as of Ctrl-C,
// comes before one of f.
template <class F>
auto interruptible(F&& f) {
  using Result = std::invoke_result_t<F>;
  constexpr bool has_result = !std::is_void_v<Result>;
  std::optional<std::conditional_t<has_result, Result, bool>> result;
  std::exception_ptr error;
  {
    const Unlocked unlocked;
    try {
      if constexpr (has_result) {
        result.emplace(f());
      } else {
        f();
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (error) std::rethrow_exception(error);
  if constexpr (has_result) return *std::move(result);
}
