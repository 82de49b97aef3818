#include "train/objective_state.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/dot.hpp"
#include "base/field_check.hpp"
#include "base/panel_rows.hpp"
#include "data/checks.hpp"
#include "fanin/error.hpp"

namespace fanin {
namespace {

std::vector<std::uint32_t> order_of(const std::vector<std::uint32_t>& chosen, std::size_t rows) {
  if (!chosen.empty()) {
    const std::uint32_t last = *std::max_element(chosen.begin(), chosen.end());
    if (last >= rows) {
      throw ValueError("rows: expected numbers of rows below " + std::to_string(rows) + ", got " +
                       std::to_string(last));
    }
    return chosen;
  }
  std::vector<std::uint32_t> all(rows);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

std::optional<SequenceOrder> sequences_of(const Samples& x, std::span<const std::uint32_t> order) {
  if (x.starts.empty()) return std::nullopt;
  std::optional<SequenceOrder> sequences(std::in_place, x.starts, order.size(), 0);
  sequences->arrange(order);
  return sequences;
}

// copy(elements of the buffer, elements of the vector, count) for each contiguous run
template <class T, class U, class F>
void for_each_run_of(const ParameterTable& table, T* buffer, U* vector, F&& copy) {
  for (const ParameterArray& array : table.trained) {
    for_each_run(Panels<T>{buffer + array.offset, array.rows, array.columns}, vector, copy);
    vector += array.elements();
  }
}

template <class T>
RunningStatistics<T> copy_of(const RunningStatistics<T>& statistics, const Nodes<T>& nodes) {
  RunningStatistics<T> copy(nodes);
  copy.copy(statistics);
  return copy;
}

}  // namespace

template <class T>
Objective<T>::State::State(const Network<T>& network, const Samples& samples, const Targets& targets,
                           SampleWeights sample_weights, ObjectiveOptions chosen)
    : options(std::move(chosen)),
      input_layer(network.state_->input_layer),
      of_nodes(input_layer.map, samples),
      x(of_nodes.rows()),
      y(targets),
      weights(sample_weights),
      projection(network.state_->projection),
      order(order_of(options.rows, x.starts.empty() ? rows_of(x) : x.starts.size() - 1)),
      sequences(sequences_of(x, order)),
      layers(network.layers()),
      statistics(copy_of(network.state_->statistics, network.state_->nodes)),
      nodes(network.state_->nodes.inputs, layers, frozen()),
      loss(network.loss(), network.outputs()),
      random{network.seed(), network.epochs() + 1},
      step(make_step(false, kMostRows)),
      parameters(nodes.table.size) {}

template <class T>
void Objective<T>::State::set(Buffer<T>& buffer, std::span<const T> vector) const {
  if (buffer.size() == 0) buffer = Buffer<T>(nodes.table.size);
  for_each_run_of(nodes.table, buffer.data(), vector.data(),
                  [](T* to, const T* from, std::size_t n) { std::copy_n(from, n, to); });
}

template <class T>
void Objective<T>::State::get(std::span<T> vector, const Buffer<T>& buffer) const {
  for_each_run_of(nodes.table, buffer.data(), vector.data(),
                  [](const T* from, T* to, std::size_t n) { std::copy_n(from, n, to); });
}

template <class T>
double Objective<T>::State::penalty(std::span<const T> w) const {
  double squares = 0;
  for_each_penalized([&](std::size_t begin, std::size_t end) {
    const std::span<const T> part = w.subspan(begin, end - begin);
    squares += dot<T>(part, part);
  });
  return options.l2 / 2 * squares;
}

// to += l2 v, for weights
template <class T>
void Objective<T>::State::add_pull(std::span<const T> v, std::span<T> to) const {
  for_each_penalized([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) to[i] += static_cast<T>(options.l2) * v[i];
  });
}

// E, and its gradient unless that is empty
template <class T>
double Objective<T>::State::run(std::span<const T> w, std::span<T> gradient) {
  const double mean = options.with_curvature ? evaluate(w, gradient) : mean_loss(w, gradient);
  if (options.l2 == 0) return mean;
  if (!gradient.empty()) add_pull(w, gradient);
  return mean + penalty(w);
}

template <class T>
double Objective<T>::State::mean_loss(std::span<const T> w, std::span<T> gradient) {
  const std::lock_guard<std::mutex> lock(calls);
  set(parameters, w);
  if (!gradient.empty() && whole.size() == 0) whole = Buffer<T>(nodes.table.size);
  const Batch none{1, all().rows, 0};
  const DataSource<T> source = data();
  const GradientSink<T> sink{gradient.empty() ? nullptr : whole.data()};
  const bool done = call(*step, [&](Member member) {
    step->gather(member, source, all());
    return step->gradient(member, {source, all(), none}, parameters.data(), sink);
  });
  if (!done) fill_with_nan(gradient);
  if (step->interrupted()) return std::numeric_limits<double>::quiet_NaN();
  if (done && !gradient.empty()) get(gradient, whole);
  return step->batch_loss() / step->batch_weight();
}

template <class T>
Objective<T>::Objective(const Network<T>& network, const Samples& x, const Targets& y, SampleWeights weights,
                        ObjectiveOptions options) {
  FieldCheck{}("l2", options.l2, at_least(0));
  check_data<T>(x, y, weights, network.inputs(), network.outputs(), network.loss(),
                network.state_->input_layer, network.state_->nodes.over);
  check_learned(network.state_->input_layer);
  if (rows_of(x) == 0) throw ValueError("X: expected at least one row, got none");
  state_ = std::make_unique<State>(network, x, y, weights, std::move(options));
  check_batch(state_->all().rows, state_->nodes.has_batch_norm());
}

template <class T>
Objective<T>::~Objective() = default;

template <class T>
std::size_t Objective<T>::size() const {
  return state_->nodes.table.elements();
}

template <class T>
std::size_t Objective<T>::rows() const {
  return state_->order.size();
}

template <class T>
std::size_t Objective<T>::outputs() const {
  return state_->nodes.outputs();
}

template <class T>
double Objective<T>::loss(std::span<const T> w) const {
  check_size("w", w, size());
  return state_->run(w, {});
}

template <class T>
double Objective<T>::loss_and_gradient(std::span<const T> w, std::span<T> gradient) const {
  check_size("w", w, size());
  check_size("gradient", gradient, size());
  return state_->run(w, gradient);
}

template <class T>
double Objective<T>::penalty(std::span<const T> w) const {
  check_size("w", w, size());
  return state_->penalty(w);
}

template class Objective<float>;
template class Objective<double>;

}  // namespace fanin
