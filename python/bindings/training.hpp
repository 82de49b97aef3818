// A training on arrays of Python.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "entries.hpp"
#include "fanin/population.hpp"
#include "operands.hpp"
#include "unlocked.hpp"

// Data looked at in place, and the arrays they belong to
struct Data {
  arrays::Matrix x;
  arrays::TargetArrays targets;
};

template <class T>
arrays::Matrix samples_of(const fanin::Network<T>& net, const py::object& x) {
  return arrays::matrix("X", x, false, "(n_samples, " + std::to_string(net.inputs()) + ")");
}

template <class T>
Data make_data(const fanin::Network<T>& net, const py::object& x, const py::object& y,
               const py::object& weights) {
  arrays::Matrix matrix = samples_of(net, x);
  const std::size_t rows = fanin::rows_of(matrix.view);
  return {std::move(matrix), arrays::targets(net.loss(), y, weights, rows, net.outputs())};
}

// Samples in an order of their own are gathered value by value from an array by columns (Fortran's order):
// that takes longer than a copy by rows, once. What lies in a file may be larger than memory, and stays
// there.
inline arrays::Matrix by_rows(const arrays::Matrix& x) {
  constexpr py::ssize_t line = 64;
  const py::array& array = x.array;
  const bool apart = std::abs(array.strides(1)) > line && std::abs(array.strides(0)) <= line;
  if (!apart || array.strides(0) == 0 || !arrays::is_plain_array(array)) return x;
  return arrays::matrix_of(py::module_::import("numpy").attr("ascontiguousarray")(array));
}

template <class T>
class PyTraining {
 public:
  PyTraining(fanin::Network<T>& net, const py::object& x, const py::object& y, const py::object& weights,
             std::size_t batch_size, bool shuffle, std::size_t epochs_before, fanin::Budget& budget,
             const fanin::Population* population)
      : data_(make_data(net, x, y, weights)) {
    if (shuffle) data_.x = by_rows(data_.x);
    const std::function<bool()> interrupted =
        population != nullptr ? population->interrupted() : std::function<bool()>(signal_pending);
    // checks look at every value: other threads may run meanwhile
    const Unlocked unlocked;
    training_ = std::make_unique<fanin::Training<T>>(
        net, data_.x.view, data_.targets.y,
        fanin::TrainingOptions{batch_size, shuffle, interrupted, &budget, epochs_before},
        data_.targets.weights);
  }

  std::size_t rows() const { return fanin::rows_of(data_.x.view); }

  void exact_statistics() {
    call([](fanin::Training<T>& training) { training.exact_statistics(); });
  }

  // Frees the network for another training, also where an exception's traceback keeps this object alive.
  // Waits for a call of another thread; from within a call, as in the handler of a signal, it is an error.
  void close() {
    if (caller_.load() == std::this_thread::get_id()) throw fanin::BusyError("training: it is under way");
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> lock(under_way_);
    training_.reset();
  }

  // Its mean loss, and the share of the samples, by weight, that were trained
  std::pair<double, double> epoch(const std::string& name, const py::dict& values) {
    const fanin::Method method = arrays::make_method(name, values);
    const fanin::EpochResult result =
        call([&](fanin::Training<T>& training) { return training.epoch(method); });
    return {result.loss, result.share};
  }

  // For `run` of the population, which must end before this object is closed
  void begin_epoch(fanin::Population& population, std::size_t number, const std::string& name,
                   const py::dict& values) {
    const fanin::Method method = arrays::make_method(name, values);
    call([&](fanin::Training<T>& training) { population.begin(number, training, method); });
  }

 private:
  // f(training), which reads arrays that data_ keeps alive, and touches nothing of Python but signal_pending,
  // which locks
  template <class F>
  auto call(F&& f) {
    return interruptible([&] {
      const std::unique_lock<std::mutex> lock(under_way_, std::try_to_lock);
      if (!lock) throw fanin::BusyError("network: another thread is training it; wait until that has ended");
      if (training_ == nullptr) throw fanin::ValueError("training: it was closed");
      struct Returned {
        std::atomic<std::thread::id>& caller;
        ~Returned() { caller.store({}); }
      } const returned{caller_};
      caller_.store(std::this_thread::get_id());
      return f(*training_);
    });
  }

  Data data_;
  std::unique_ptr<fanin::Training<T>> training_;
  std::mutex under_way_;
  std::atomic<std::thread::id> caller_;  // of the call under way
};
