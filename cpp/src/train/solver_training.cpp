#include "fanin/solver_training.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/checks.hpp"
#include "fanin/objective.hpp"
#include "network/model.hpp"
#include "solvers/descent.hpp"

namespace fanin {
namespace {

// Thrown by the function that a solver minimizes
struct StoppedByCaller {};

bool has_dropout(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) {
    const auto* const residual = std::get_if<Residual>(&layer.kind);
    return std::holds_alternative<Dropout>(layer.kind) ||
           (residual != nullptr && has_dropout(residual->layers));
  });
}

void check_layers_of(const std::vector<Layer>& layers, bool has_batch_norm) {
  const char* const found = has_batch_norm ? "batch norm" : has_dropout(layers) ? "dropout" : nullptr;
  if (found == nullptr) return;
  throw ValueError(std::string("network: expected no ") + found +
                   ", because a solver needs the same function in every iteration");
}

void check_batches_of(const TrainingOptions& options) {
  const TrainingOptions defaults;
  const char* const found = options.batch_size != defaults.batch_size ? "batch_size"
                            : options.batches != defaults.batches     ? "batches"
                            : options.order_seed                      ? "order_seed"
                                                                      : nullptr;
  if (found == nullptr) return;
  throw ValueError(std::string(found) + ": expected the default, because a solver takes all samples at once");
}

template <class T>
std::unique_ptr<Iterations<T>> iterations_of(const Function<T>& f, std::span<T> x, const Solver& solver,
                                             const SolverMemory<T>& memory) {
  auto directions = std::visit([&](const auto& one) { return directions_of<T>(one, x.size()); }, solver);
  if (memory != SolverMemory<T>{}) directions->recall(memory);
  return std::make_unique<Descent<T>>(f, x, std::move(directions), tolerances_of(solver));
}

}  // namespace

template <class T>
struct SolverTraining<T>::State {
  State(Network<T>& trained, typename Network<T>::State& its_state, const Samples& samples,
        const Targets& targets, TrainingOptions chosen, SampleWeights sample_weights)
      : network(trained),
        net(its_state),
        x(samples),
        y(targets),
        weights(sample_weights),
        options(std::move(chosen)) {
    if (net.training.exchange(true)) throw BusyError("network: another training is under way");
  }
  ~State() {
    net.solver.rest();
    net.training = false;
  }

  void open(const WholeBatch& method);
  void start(const WholeBatch& method);
  std::vector<T> weights_now() const;
  void set_weights();

  Network<T>& network;
  typename Network<T>::State& net;
  const Samples& x;
  const Targets y;
  const SampleWeights weights;
  const TrainingOptions options;
  bool stopped = false;  // by the caller

  std::optional<WholeBatch> method;  // of the iterations so far
  std::optional<Objective<T>> objective;
  std::vector<T> w;
  Function<T> f;
  std::unique_ptr<Iterations<T>> iterations;
};

// The trained arrays, as the objective takes them
template <class T>
std::vector<T> SolverTraining<T>::State::weights_now() const {
  std::vector<T> now(net.nodes.table.elements());
  std::size_t begin = 0;
  for (const ParameterArray& array : net.nodes.table.trained) {
    net.get_array(array, std::span<T>(now).subspan(begin, array.elements()));
    begin += array.elements();
  }
  return now;
}

template <class T>
void SolverTraining<T>::State::set_weights() {
  std::size_t begin = 0;
  for (const ParameterArray& array : net.nodes.table.trained) {
    net.set_array(array, std::span<const T>(w).subspan(begin, array.elements()));
    begin += array.elements();
  }
  net.fold();
}

// Before the first iteration, and when the penalty changes
template <class T>
void SolverTraining<T>::State::open(const WholeBatch& chosen) {
  {
    const Access::Writing writing(net.access);
    if (!net.input_layer.learned()) net.adopt(net.adaptation_to(x, ScaledWeights(weights)));
    if (net.epochs == 0) {
      net.start_at_base_rates(base_rates<T>(net.layers, net.loss, net.outputs, y, ScaledWeights(weights)));
    }
  }
  const auto asks = [this] {
    stopped = stopped || (options.interrupted && options.interrupted());
    return stopped;
  };
  objective.emplace(network, x, y, weights, asks, chosen.l2);
  f = [this](std::span<const T> at, std::span<T> gradient) {
    const double value = gradient.empty() ? objective->loss(at) : objective->loss_and_gradient(at, gradient);
    if (stopped) throw StoppedByCaller{};
    return value;
  };
}

// Goes on from what the network knows
template <class T>
void SolverTraining<T>::State::start(const WholeBatch& chosen) {
  if (net.solver.is_at_work() && method == chosen) return;
  net.solver.rest();
  iterations.reset();
  method = chosen;
  w = weights_now();
  try {
    iterations = iterations_of<T>(f, w, chosen.solver, net.solver.memory_for(chosen));
  } catch (const ValueError&) {
    throw DivergedError(
        "training diverged: the loss or its gradient is not finite at the weights a solver starts from", 1, 1,
        net.layers.size());
  }
  net.state.forget();
  set_weights();
  net.solver.follow(chosen, *iterations);
}

template <class T>
SolverTraining<T>::SolverTraining(Network<T>& network, const Samples& x, const Targets& y,
                                  TrainingOptions options, SampleWeights weights) {
  typename Network<T>::State& net = *network.state_;
  check_batches_of(options);
  if (rows_of(x) == 0) throw ValueError("X: expected at least one row, got none");
  check_data<T>(x, y, weights, network.inputs(), network.outputs(), net.loss, net.input_layer);
  check_layers_of(net.layers, net.nodes.has_batch_norm());
  state_ = std::make_unique<State>(network, net, x, y, std::move(options), weights);
}

template <class T>
SolverTraining<T>::~SolverTraining() = default;

template <class T>
EpochResult SolverTraining<T>::epoch(const WholeBatch& method) {
  State& s = *state_;
  check_whole_batch(method);
  s.stopped = false;
  if (!s.method || s.method->l2 != method.l2) s.open(method);
  const Access::Writing writing(s.net.access);
  const FloatingPointScope modes;
  EpochResult result{0, true, 1, 0};
  try {
    s.start(method);
    result.iteration = s.iterations->iterate();
  } catch (const StoppedByCaller&) {
    return result;
  }
  s.set_weights();
  ++s.net.epochs;
  if (s.options.budget != nullptr) s.options.budget->spend(1);
  result.interrupted = false;
  result.penalty = s.objective->penalty(s.w);
  result.loss = result.loss_of_updates = s.iterations->loss() - result.penalty;
  result.learning_rate = result.iteration->step;
  result.ended = s.iterations->ended();
  return result;
}

template class SolverTraining<float>;
template class SolverTraining<double>;

}  // namespace fanin
