// What an objective works with.
#pragma once

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>

#include "data/operands.hpp"
#include "fanin/objective.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"
#include "team/call.hpp"
#include "team/limit.hpp"

namespace fanin {

template <class T>
struct Objective<T>::State {
  State(const Network<T>& network, const Samples& samples, const Targets& targets,
        SampleWeights sample_weights, ObjectiveOptions chosen);

  double run(std::span<const T> w, std::span<T> gradient);
  double mean_loss(std::span<const T> w, std::span<T> gradient);
  double penalty(std::span<const T> w) const;
  template <class F>
  void for_each_penalized(F&& f) const;

  Batch all() const {
    if (!sequences) return {0, 0, order.size()};
    const Timeline& time = sequences->timeline(0);
    return {0, 0, time.rows(), 0, false, &time};
  }
  DataSource<T> data() const {
    return {&x,
            &y,
            weights,
            sequences ? sequences->steps().data() : order.data(),
            input_layer.columns(),
            projection.data(),
            sequences ? sequences->sequences().data() : nullptr};
  }
  const RunningStatistics<T>* frozen() const { return options.frozen_batch_norm ? &statistics : nullptr; }
  std::unique_ptr<Step<T>> make_step(bool curvature, std::size_t most_rows) {
    return std::make_unique<Step<T>>(
        nodes.inputs, layers, statistics, loss.get(),
        StepData{x, y, !weights.empty(), all().rows, most_rows, curvature, sequences ? order.size() : 0},
        options.interrupted, frozen());
  }
  void set(Buffer<T>& buffer, std::span<const T> vector) const;
  void get(std::span<T> vector, const Buffer<T>& buffer) const;
  void add_pull(std::span<const T> v, std::span<T> to) const;

  // For curvature: its step, made when it is first needed
  Step<T>& curvature();
  CurvatureAt<T> at(const DataSource<T>& source, std::span<const T> w, std::span<const T> v);
  void forget_place();
  template <class F>
  bool call(Step<T>& some, F&& f);
  template <class F>
  void product(std::span<const T> w, std::span<const T> v, std::span<T> to, F&& f);
  void jacobian(std::span<const T> w, bool root, std::span<const std::uint32_t> rows, std::span<T> to, T* e);
  void gauss_newton(std::span<const T> w, std::span<T> to);
  double evaluate(std::span<const T> w, std::span<T> gradient);
  void check_dense(const char* what) const;

  const ObjectiveOptions options;
  const InputLayer input_layer;
  const NodeSamples of_nodes;
  const Samples& x;
  const Targets y;
  const ScaledWeights weights;
  const Buffer<T> projection;
  const std::vector<std::uint32_t> order;        // of rows, or of sequences
  const std::optional<SequenceOrder> sequences;  // all as one batch
  const std::vector<Layer> layers;
  // Of the network; if batch norm is not frozen, a step requires them, and they are discarded
  RunningStatistics<T> statistics;
  const Nodes<T> nodes;
  const LossForKernels<T> loss;
  const RandomState random;
  const std::unique_ptr<Step<T>> step;
  Buffer<T> parameters, whole;
  std::unique_ptr<Step<T>> of_curvature;
  Buffer<T> there, direction, product_of, jacobian_of, sums;
  // What its memory holds, unless a call did not come to its end: the values at these weights, of all rows
  std::vector<T> seen;
  bool all_rows = false;
  std::mutex calls;
};

// f(begin, end) for each range of weights, which are under the penalty, in the vector of all parameters
template <class T>
template <class F>
void Objective<T>::State::for_each_penalized(F&& f) const {
  std::size_t begin = 0;
  for (const ParameterArray& array : nodes.table.trained) {
    const std::size_t end = begin + array.elements();
    if (array.inputs() > 0) f(begin, end);
    begin = end;
  }
}

// f(member) on a team; returns whether it came to its end
template <class T>
template <class F>
bool Objective<T>::State::call(Step<T>& some, F&& f) {
  some.restart(random);
  bool done = false;
  if (!some.poll()) {
    run_call(Claim(some.worth_a_team()).threads(), [&](int thread, int threads) {
      const bool finished = f(Member{thread, threads});
      if (thread == 0) done = finished;
    });
  }
  if (!done) forget_place();
  return done;
}

// NaN as a whole, if a call did not come to its end
template <class T>
void fill_with_nan(std::span<T> to) {
  std::fill(to.begin(), to.end(), std::numeric_limits<T>::quiet_NaN());
}

}  // namespace fanin
