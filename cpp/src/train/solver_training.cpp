#include "fanin/solver_training.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/checks.hpp"
#include "fanin/objective.hpp"
#include "network/model.hpp"
#include "plan/coded_input.hpp"
#include "solvers/descent.hpp"
#include "solvers/hessian_free.hpp"
#include "solvers/levenberg_marquardt.hpp"
#include "train/layers_of_solvers.hpp"
#include "train/solver_functions.hpp"

namespace fanin {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void check_batches_of(const TrainingOptions& options) {
  const TrainingOptions defaults;
  const char* const found = options.batch_size != defaults.batch_size ? "batch_size"
                            : options.batches != defaults.batches     ? "batches"
                            : options.order_seed                      ? "order_seed"
                                                                      : nullptr;
  if (found == nullptr) return;
  throw ValueError(std::string(found) + ": expected the default, because a solver takes all samples at once");
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
  void check_suits(const WholeBatch& method) const;
  std::unique_ptr<Iterations<T>> iterations_of(const WholeBatch& method, const SolverMemory<T>* memory);
  void start(const WholeBatch& method);
  std::vector<T> weights_now() const;
  void set_weights();
  std::function<bool()> asking() {
    return [this] {
      stopped = stopped || (options.interrupted && options.interrupted());
      return stopped;
    };
  }

  Network<T>& network;
  typename Network<T>::State& net;
  const Samples& x;
  const Targets y;
  const SampleWeights weights;
  const TrainingOptions options;
  bool stopped = false;  // by the caller

  std::optional<WholeBatch> method;  // of the iterations so far
  std::optional<Objective<T>> objective, sample;
  std::vector<T> w;
  // The objective, in the form that the solver takes
  Function<T> f;
  std::optional<LossAsSquares> squares;
  std::optional<CurvedLoss<T>> curved;
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

// Before the first iteration, and when the method changes
template <class T>
void SolverTraining<T>::State::open(const WholeBatch& chosen) {
  {
    const Access::Writing writing(net.access);
    if (!net.input_layer.learned()) net.adopt(net.adaptation_to(x, ScaledWeights(weights)));
    if (net.epochs == 0) {
      net.start_at_base_rates(base_rates<T>(net.layers, net.loss, net.outputs, y, ScaledWeights(weights)));
    }
  }
  ObjectiveOptions of_objective{.l2 = chosen.l2, .interrupted = asking()};
  of_objective.with_curvature = std::holds_alternative<LevenbergMarquardt>(chosen.solver);
  sample.reset();
  objective.emplace(network, x, y, weights, of_objective);
  if (const auto* const by_products = std::get_if<HessianFree>(&chosen.solver)) {
    of_objective.rows = sample_of_rows(rows_of(x), by_products->sample, network.seed());
    sample.emplace(network, x, y, weights, of_objective);
  }
}

// Throws ValueError, with the reason, if the solver cannot train this network
template <class T>
void SolverTraining<T>::State::check_suits(const WholeBatch& chosen) const {
  const auto* const lm = std::get_if<LevenbergMarquardt>(&chosen.solver);
  if (lm == nullptr && !std::holds_alternative<HessianFree>(chosen.solver)) return;
  const std::string name = lm != nullptr ? LevenbergMarquardt::name : HessianFree::name;
  const NodeSamples of_nodes(net.input_layer.map, x);
  const bool codes = net.input_layer.codes && std::holds_alternative<Dense>(net.layers[1].kind);
  if (codes || reads_codes(of_nodes.rows(), net.layers)) {
    throw ValueError("network: expected no PiecewiseLinear and no OneHot with " + name);
  }
  check_curved(net.layers, "with " + name);
  if (net.nodes.over != Over::rows) throw ValueError("network: expected no recurrent layers with " + name);
  if (lm == nullptr) return;
  if constexpr (sizeof(T) == 4) {
    throw ValueError("dtype: expected float64 with " + name + ", whose equations lose half of the digits");
  }
  const bool bayes = lm->regularization == LevenbergMarquardt::bayes;
  const bool squared = std::holds_alternative<SquaredError>(net.loss),
             likelihood = std::holds_alternative<SoftmaxCrossEntropy>(net.loss) ||
                          std::holds_alternative<LogisticLoss>(net.loss);
  if (!squared && (bayes || !likelihood)) {
    throw ValueError("loss: expected squared_error" +
                     std::string(bayes ? " with regularization bayes"
                                       : ", softmax_cross_entropy or logistic with " + name) +
                     ", got " + name_of(net.loss));
  }
  if (bayes && chosen.l2 > 0)
    throw ValueError("l2: expected 0 with regularization bayes, which finds its own");
  const std::size_t n = net.nodes.table.elements();
  if (n > LevenbergMarquardt::most) {
    throw ValueError("network: expected at most " + std::to_string(LevenbergMarquardt::most) +
                     " weights with " + name + ", whose memory grows with their square, got " +
                     std::to_string(n));
  }
}

template <class T>
std::unique_ptr<Iterations<T>> SolverTraining<T>::State::iterations_of(const WholeBatch& chosen,
                                                                       const SolverMemory<T>* memory) {
  const auto along_lines = [&](const auto& solver) -> std::unique_ptr<Iterations<T>> {
    auto directions = directions_of<T>(solver, w.size());
    if (memory != nullptr) directions->recall(*memory);
    f = [this](std::span<const T> at, std::span<T> gradient) {
      return value_of(*objective, stopped, at, gradient);
    };
    return std::make_unique<Descent<T>>(f, w, std::move(directions), tolerances_of(solver));
  };
  const auto by_curvature = [&](const HessianFree& solver) -> std::unique_ptr<Iterations<T>> {
    curved.emplace(*objective, *sample, stopped);
    return std::make_unique<HessianFreeSteps<T>>(*curved, w, solver, memory);
  };
  const auto by_least_squares = [&](const LevenbergMarquardt& solver) -> std::unique_ptr<Iterations<T>> {
    if constexpr (sizeof(T) == 8) {
      squares.emplace(*objective, stopped, chosen.l2 > 0, std::holds_alternative<SquaredError>(net.loss));
      return std::make_unique<LevenbergMarquardtSteps>(*squares, w, solver, memory);
    } else {
      throw std::logic_error("Levenberg-Marquardt is for float64");
    }
  };
  return std::visit(Overloaded{by_least_squares, by_curvature, along_lines}, chosen.solver);
}

// From what the network knows
template <class T>
void SolverTraining<T>::State::start(const WholeBatch& chosen) {
  if (net.solver.is_at_work() && method == chosen) return;
  net.solver.rest();
  iterations.reset();
  method = chosen;
  w = weights_now();
  try {
    const SolverMemory<T> memory = net.solver.memory_for(chosen);
    iterations = iterations_of(chosen, memory != SolverMemory<T>{} ? &memory : nullptr);
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
  check_data<T>(x, y, weights, network.inputs(), network.outputs(), net.loss, net.input_layer,
                net.nodes.over);
  check_fixed(net.layers, net.nodes.has_batch_norm(), "a solver needs the same function in every iteration");
  state_ = std::make_unique<State>(network, net, x, y, std::move(options), weights);
}

template <class T>
SolverTraining<T>::~SolverTraining() = default;

template <class T>
EpochResult SolverTraining<T>::epoch(const WholeBatch& method) {
  State& s = *state_;
  check_whole_batch(method);
  s.check_suits(method);
  s.stopped = false;
  if (s.method != method) s.open(method);
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
