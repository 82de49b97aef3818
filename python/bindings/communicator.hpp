// Ranks that a Python object connects.
#pragma once

#include "fanin/communicator.hpp"
#include "unlocked.hpp"

// The object has `rank`, `size`, `start_sum(array)`, `wait()` and `broadcast(memory)`; see
// fanin::Communicator, whose methods C++ calls without the GIL. If one raises, such as after Ctrl-C,
// `abort(exception)` ends all ranks.
class PyCommunicator final : public fanin::Communicator {
 public:
  explicit PyCommunicator(py::object of)
      : of_(std::move(of)),
        rank_(of_.attr("rank").cast<std::size_t>()),
        size_(of_.attr("size").cast<std::size_t>()) {}

  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return size_; }
  void start_sum(float* values, std::size_t n) noexcept override { start(values, n); }
  void start_sum(double* values, std::size_t n) noexcept override { start(values, n); }
  void wait() noexcept override {
    locked([&] { of_.attr("wait")(); });
  }
  void broadcast(void* bytes, std::size_t n) noexcept override {
    locked([&] { of_.attr("broadcast")(py::memoryview::from_memory(bytes, static_cast<py::ssize_t>(n))); });
  }

 private:
  template <class T>
  void start(T* values, std::size_t n) noexcept {
    locked([&] { of_.attr("start_sum")(py::array_t<T>(static_cast<py::ssize_t>(n), values, py::none())); });
  }
  template <class F>
  void locked(F&& f) const {
    std::optional<py::gil_scoped_acquire> lock;
    or_sleep_to_the_end([&] { lock.emplace(); });
    const py::error_scope pending;  // such as after Ctrl-C, until training has returned
    try {
      f();
    } catch (const py::error_already_set& error) {
      of_.attr("abort")(error.value());
    }
  }

  py::object of_;
  std::size_t rank_, size_;
};
