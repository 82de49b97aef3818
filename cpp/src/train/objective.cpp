#include "fanin/objective.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>

#include "base/dot.hpp"
#include "base/field_check.hpp"
#include "base/panel_rows.hpp"
#include "data/checks.hpp"
#include "data/operands.hpp"
#include "fanin/error.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"
#include "team/call.hpp"
#include "team/limit.hpp"

namespace fanin {

template <class T>
struct Objective<T>::State {
  State(const Network<T>& network, const Samples& samples, const Targets& targets,
        SampleWeights sample_weights, std::function<bool()> asked, double pull)
      : input_layer(network.state_->input_layer),
        of_nodes(input_layer.map, samples),
        x(of_nodes.rows()),
        y(targets),
        weights(sample_weights),
        projection(network.state_->projection),
        interrupted(std::move(asked)),
        l2(pull),
        order(rows_of(x)),
        nodes(network.state_->nodes.inputs, network.layers()),
        statistics(nodes),
        loss(network.loss(), network.outputs()),
        random{network.seed(), network.epochs() + 1},
        step(nodes.inputs, network.layers(), statistics, loss.get(), {x, y, !weights.empty(), rows_of(x)},
             interrupted),
        parameters(nodes.table.size) {
    std::iota(order.begin(), order.end(), 0U);
  }

  double run(std::span<const T> w, T* gradient);
  double mean_loss(std::span<const T> w, T* gradient);
  double penalty(std::span<const T> w, T* gradient) const;

  const InputLayer input_layer;
  const NodeSamples of_nodes;
  const Samples& x;
  const Targets y;
  const ScaledWeights weights;
  const Buffer<T> projection;
  const std::function<bool()> interrupted;
  const double l2;
  std::vector<std::uint32_t> order;
  const Nodes<T> nodes;
  RunningStatistics<T> statistics;  // required by a step, and discarded
  const LossForKernels<T> loss;
  const RandomState random;
  Step<T> step;
  Buffer<T> parameters, whole;
  std::mutex calls;
};

namespace {

// copy(elements of the buffer, elements of the vector, count) for each contiguous run
template <class T, class U, class F>
void for_each_run_of(const ParameterTable& table, T* buffer, U* vector, F&& copy) {
  for (const ParameterArray& array : table.trained) {
    for_each_run(Panels<T>{buffer + array.offset, array.rows, array.columns}, vector, copy);
    vector += array.elements();
  }
}

}  // namespace

// Adds l2 W to the gradient, too
template <class T>
double Objective<T>::State::penalty(std::span<const T> w, T* gradient) const {
  double squares = 0;
  std::size_t begin = 0;
  for (const ParameterArray& array : nodes.table.trained) {
    const std::span<const T> part = w.subspan(begin, array.elements());
    if (array.role == Role::weight) {
      squares += dot<T>(part, part);
      for (std::size_t i = 0; gradient != nullptr && i < part.size(); ++i) {
        gradient[begin + i] += static_cast<T>(l2) * part[i];
      }
    }
    begin += part.size();
  }
  return l2 / 2 * squares;
}

template <class T>
double Objective<T>::State::run(std::span<const T> w, T* gradient) {
  const double mean = mean_loss(w, gradient);
  return l2 > 0 ? mean + penalty(w, gradient) : mean;
}

template <class T>
double Objective<T>::State::mean_loss(std::span<const T> w, T* gradient) {
  const std::lock_guard<std::mutex> lock(calls);
  for_each_run_of(nodes.table, parameters.data(), w.data(),
                  [](T* to, const T* from, std::size_t n) { std::copy_n(from, n, to); });
  if (gradient != nullptr && whole.size() == 0) whole = Buffer<T>(nodes.table.size);
  const Batch all{0, 0, order.size()}, none{1, order.size(), 0};
  const DataSource<T> data{&x, &y, weights, order.data(), input_layer.columns(), projection.data()};
  const GradientSink<T> sink{gradient != nullptr ? whole.data() : nullptr};
  step.restart(random);
  bool done = false;
  if (!step.poll()) {
    run_call(Claim(step.worth_a_team()).threads(), [&](int thread, int threads) {
      const Member member{thread, threads};
      step.gather(member, data, all);
      const bool finished = step.gradient(member, {data, all, none}, parameters.data(), sink);
      if (thread == 0) done = finished;
    });
  }
  constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
  if (!done && gradient != nullptr)
    std::fill_n(gradient, nodes.table.elements(), static_cast<T>(not_a_number));
  if (step.interrupted()) return not_a_number;
  if (done && gradient != nullptr) {
    for_each_run_of(nodes.table, whole.data(), gradient,
                    [](const T* from, T* to, std::size_t n) { std::copy_n(from, n, to); });
  }
  return step.batch_loss() / step.batch_weight();
}

template <class T>
Objective<T>::Objective(const Network<T>& network, const Samples& x, const Targets& y, SampleWeights weights,
                        std::function<bool()> interrupted, double l2) {
  FieldCheck{}("l2", l2, at_least(0));
  check_data<T>(x, y, weights, network.inputs(), network.outputs(), network.loss(),
                network.state_->input_layer);
  check_learned(network.state_->input_layer);
  if (rows_of(x) == 0) throw ValueError("X: expected at least one row, got none");
  state_ = std::make_unique<State>(network, x, y, weights, std::move(interrupted), l2);
  check_batch(rows_of(x), state_->nodes.has_batch_norm());
}

template <class T>
Objective<T>::~Objective() = default;

template <class T>
std::size_t Objective<T>::size() const {
  return state_->nodes.table.elements();
}

template <class T>
double Objective<T>::loss(std::span<const T> w) const {
  check_size("w", w, size());
  return state_->run(w, nullptr);
}

template <class T>
double Objective<T>::loss_and_gradient(std::span<const T> w, std::span<T> gradient) const {
  check_size("w", w, size());
  check_size("gradient", gradient, size());
  return state_->run(w, gradient.data());
}

template <class T>
double Objective<T>::penalty(std::span<const T> w) const {
  check_size("w", w, size());
  return state_->penalty(w, nullptr);
}

template class Objective<float>;
template class Objective<double>;

}  // namespace fanin
