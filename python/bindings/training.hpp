// Training on arrays from Python.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "coded.hpp"
#include "communicator.hpp"
#include "entries.hpp"
#include "fanin/population.hpp"
#include "fanin/solver_training.hpp"
#include "operands.hpp"
#include "sparse.hpp"
#include "unlocked.hpp"

// Views of the data, and the arrays that own its memory
struct Data {
  arrays::Matrix x;
  arrays::TargetArrays targets;
};

// X; sequences are an object with all of their steps, and where each begins
template <class T>
arrays::Matrix samples_of(const fanin::Network<T>& net, const py::object& x) {
  if (!arrays::is_plain_array(x) && py::hasattr(x, "steps") && py::hasattr(x, "starts")) {
    using Starts = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>;
    arrays::Matrix matrix = samples_of(net, py::object(x.attr("steps")));
    const Starts starts(py::object(x.attr("starts")));
    matrix.view.starts = {starts.data(), static_cast<std::size_t>(starts.size())};
    matrix.places = matrix.places ? py::object(py::make_tuple(matrix.places, starts)) : py::object(starts);
    return matrix;
  }
  const std::string expected = "(n_samples, " + std::to_string(net.inputs()) + ")";
  if (py::isinstance<PyCodedRows>(x)) return {{}, x.cast<const PyCodedRows&>().table.view(), x};
  const bool sparse = !arrays::is_plain_array(x) && arrays::is_csr(x);
  return sparse ? arrays::csr(x, expected) : arrays::matrix("X", x, false, expected);
}

// How many rows outputs and targets have: one for each row of X, each sequence, or each step of one
template <class T>
std::size_t output_rows(const fanin::Network<T>& net, const fanin::Samples& x) {
  const bool by_sequence = net.recurrent() && !net.many_to_many() && !x.starts.empty();
  return by_sequence ? x.starts.size() - 1 : fanin::rows_of(x);
}

template <class T>
Data make_data(const fanin::Network<T>& net, const py::object& x, const py::object& y,
               const py::object& weights) {
  arrays::Matrix matrix = samples_of(net, x);
  const std::size_t rows = output_rows(net, matrix.view);
  return {std::move(matrix), arrays::targets(net.loss(), y, weights, rows, net.outputs())};
}

// Gathering shuffled samples from a Fortran-ordered array, value by value, takes longer than copying it to
// C order once. Memory-mapped arrays are not copied, because they may be larger than memory.
inline arrays::Matrix by_rows(const arrays::Matrix& x) {
  constexpr py::ssize_t line = 64;
  const py::array& array = x.array;
  if (array.ndim() != 2 || !x.view.starts.empty()) return x;  // sparse rows, coded rows, sequences
  const bool apart = std::abs(array.strides(1)) > line && std::abs(array.strides(0)) <= line;
  if (!apart || array.strides(0) == 0 || !arrays::is_plain_array(array)) return x;
  return arrays::matrix_of(py::module_::import("numpy").attr("ascontiguousarray")(array));
}

// What trainings by rules and by solvers have in common: the data, and calls that one thread makes at a time
template <class T, class Training>
class PyTrainingOf {
 public:
  PyTrainingOf(const fanin::Network<T>& net, const py::object& x, const py::object& y,
               const py::object& weights)
      : data_(make_data(net, x, y, weights)),
        vector_targets_(net.outputs() == 1 && py::cast<py::array>(data_.targets.y_array).ndim() == 1) {}

  // Samples: rows of X, or sequences
  std::size_t rows() const {
    const std::span<const std::uint64_t> starts = data_.x.view.starts;
    return starts.empty() ? fanin::rows_of(data_.x.view) : starts.size() - 1;
  }
  bool vector_targets() const { return vector_targets_; }

  // Frees the network for another training, even if an exception's traceback keeps this object alive. Waits
  // for a call in another thread; an error if called from within a call, such as in a signal handler.
  void close() {
    if (caller_.load() == std::this_thread::get_id()) {
      throw fanin::BusyError("training: cannot be closed while it is running");
    }
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> lock(running_);
    training_.reset();
  }

 protected:
  void open(fanin::Network<T>& net, const fanin::TrainingOptions& options) {
    // the checks read every value; let other threads run
    const Unlocked unlocked;
    training_ =
        std::make_unique<Training>(net, data_.x.view, data_.targets.y, options, data_.targets.weights.view);
  }

  // f(training), which reads arrays that data_ keeps alive, and does not touch Python except for
  // signal_pending, which acquires the GIL
  template <class F>
  auto call(F&& f) {
    return interruptible([&] {
      const std::unique_lock<std::mutex> lock(running_, std::try_to_lock);
      if (!lock) throw fanin::BusyError("network: another thread is training it; wait until it has finished");
      if (training_ == nullptr) throw fanin::ValueError("training: already closed");
      struct Returned {
        std::atomic<std::thread::id>& caller;
        ~Returned() { caller.store({}); }
      } const returned{caller_};
      caller_.store(std::this_thread::get_id());
      return f(*training_);
    });
  }

  Data data_;

 private:
  const bool vector_targets_;  // for one output
  std::unique_ptr<Training> training_;
  std::mutex running_;
  std::atomic<std::thread::id> caller_;  // the thread that is in call(), if any
};

template <class T>
class PyTraining : public PyTrainingOf<T, fanin::Training<T>> {
 public:
  PyTraining(fanin::Network<T>& net, const py::object& x, const py::object& y, const py::object& weights,
             std::size_t batch_size, const std::string& batches, std::optional<std::uint64_t> order_seed,
             std::size_t epochs_before, std::optional<std::size_t> epochs, fanin::Budget& budget,
             const fanin::Population* population, fanin::Watch* watch, bool restore, std::size_t truncation,
             PyCommunicator* communicator, bool synchronized)
      : PyTrainingOf<T, fanin::Training<T>>(net, x, y, weights) {
    const fanin::Batches order = arrays::batches_named(batches);
    if (order != fanin::Batches::in_order) this->data_.x = by_rows(this->data_.x);
    const std::function<bool()> interrupted =
        population != nullptr ? population->interrupted() : std::function<bool()>(signal_pending);
    this->open(net, {batch_size, order, order_seed, interrupted, &budget, epochs_before, epochs, watch,
                     restore, truncation, communicator, synchronized});
  }

  void exact_statistics() {
    this->call([](fanin::Training<T>& training) { training.exact_statistics(); });
  }

  fanin::EpochResult epoch(const std::string& name, const py::dict& values) {
    const fanin::Method method = arrays::make_method(name, values);
    return this->call([&](fanin::Training<T>& training) { return training.epoch(method); });
  }

  // Trains some epochs, until one is cut short; each row of `orders` is the order of samples of one
  using Orders = py::array_t<std::uint32_t, py::array::c_style>;
  std::vector<fanin::EpochResult> epochs(const std::string& name, const py::dict& values, std::size_t count,
                                         const std::optional<Orders>& orders) {
    const fanin::Method method = arrays::make_method(name, values);
    if (orders && (orders->ndim() != 2 || static_cast<std::size_t>(orders->shape(0)) != count)) {
      throw fanin::ValueError("orders: expected a row for each epoch");
    }
    const std::uint32_t* const first = orders ? orders->data() : nullptr;
    const std::size_t rows = orders ? static_cast<std::size_t>(orders->shape(1)) : 0;
    return this->call([&](fanin::Training<T>& training) {
      std::vector<fanin::EpochResult> results;
      while (results.size() < count && (results.empty() || results.back().share == 1)) {
        results.push_back(training.epoch(method, {first + results.size() * rows, rows}));
      }
      return results;
    });
  }

  // The rows that the last epoch visited, in order
  py::array_t<std::uint32_t> order() {
    const std::span<const std::uint32_t> order =
        this->call([](fanin::Training<T>& training) { return training.order(); });
    return py::array_t<std::uint32_t>(static_cast<py::ssize_t>(order.size()), order.data());
  }

  // Begins an epoch for the population's `run`, which must end before this object is closed
  void begin_epoch(fanin::Population& population, std::size_t number, const std::string& name,
                   const py::dict& values) {
    const fanin::Method method = arrays::make_method(name, values);
    this->call([&](fanin::Training<T>& training) { population.begin(number, training, method); });
  }
};

template <class T>
class PySolverTraining : public PyTrainingOf<T, fanin::SolverTraining<T>> {
 public:
  PySolverTraining(fanin::Network<T>& net, const py::object& x, const py::object& y,
                   const py::object& weights, fanin::Budget& budget)
      : PyTrainingOf<T, fanin::SolverTraining<T>>(net, x, y, weights) {
    fanin::TrainingOptions options;
    options.interrupted = signal_pending;
    options.budget = &budget;
    this->open(net, options);
  }

  fanin::EpochResult epoch(const std::string& name, const py::dict& values) {
    const fanin::WholeBatch method = arrays::make_whole_batch(name, values);
    return this->call([&](fanin::SolverTraining<T>& training) { return training.epoch(method); });
  }
};
