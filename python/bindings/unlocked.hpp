// Releasing the global interpreter lock (GIL) while C++ works, and acquiring it again.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <type_traits>

#include "register.hpp"

// f(), which may wait for the GIL or run Python. Before 3.14, if a daemon thread does so after the main
// thread has ended, Python unwinds its stack, and destructors would call std::terminate: make such a thread
// sleep until the process ends instead.
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

// Lets other threads run Python until the end of the scope. (pybind11's own class would not survive the
// unwinding described above.)
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

// Called without the GIL: whether Python has a pending exception for this thread, such as after Ctrl-C
inline bool signal_pending() {
  std::optional<py::gil_scoped_acquire> locked;
  or_sleep_to_the_end([&] { locked.emplace(); });
  return PyErr_CheckSignals() != 0;
}

// f() without the GIL. An exception that is pending in Python afterwards, such as after Ctrl-C, takes
// precedence over one thrown by f.
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
