// A training in progress, epoch by epoch and slice by slice.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "data/checks.hpp"
#include "data/orders.hpp"
#include "network/model.hpp"
#include "plan/step.hpp"
#include "ranks/shares.hpp"
#include "team/limit.hpp"
#include "team/pace.hpp"

namespace fanin {

// Sums of losses, of the weights of samples, and of penalties
struct SumsOfUpdates {
  double rows = 0, loss = 0, weight = 0, penalty = 0;

  void add(const SumsOfUpdates& more) {
    rows += more.rows;
    loss += more.loss;
    weight += more.weight;
    penalty += more.penalty;
  }
  // Means by weight times the rows; nothing if all samples weigh 0
  SumsOfUpdates mean_by_rows() const {
    if (!(weight > 0)) return {};
    return {rows, rows / weight * loss, rows, rows / weight * penalty};
  }
};

// Rows of each rank in a batch; a single one has a variance only with those of other ranks.
inline std::size_t least_to_normalize(const TrainingOptions& options, const Ranks& ranks) {
  return options.synchronized && ranks.many() ? 1 : 2;
}

template <class T>
struct Training<T>::State {
  State(typename Network<T>::State& network, const Samples& given, const Targets& targets,
        const ScaledWeights& sample_weights, TrainingOptions chosen)
      : net(network),
        ranks(chosen.communicator),
        weights(sample_weights),
        adaptation(net.adaptation_to(given, weights, ranks)),
        of_nodes(net.input_layer.learned() ? net.input_layer.map : adaptation.map, given),
        x(of_nodes.rows()),
        y(targets),
        options(std::move(chosen)),
        over(net.nodes.over),
        samples(over == Over::rows ? rows_of(x) : x.starts.size() - 1),
        shares(ranks, samples, options.batch_size,
               over == Over::rows && net.nodes.has_batch_norm() ? least_to_normalize(options, ranks) : 0),
        batch_size(shares.batch_size()),
        batches(shares.batches()),
        sequences(sequences_of(x, over, batch_size, options.truncation)),
        steps(batches * (sequences ? sequences->windows() : 1)),
        order(options.batches, y, net.loss, net.outputs, samples, batch_size, batches),
        own_finite_parameters(net.nodes.folds() ? 0 : layout().parameters.size(), Cleared::no),
        finite_statistics(layout().nodes),
        step(layout().nodes.inputs, net.layers, net.statistics, net.loss_for_kernels.get(),
             {x, y, !weights.empty(), largest_batch(), kMostRows, false, sequences ? batch_size : 0, ranks,
              options.synchronized},
             options.interrupted) {
    step.watch(options.watch);
    if (net.epochs == 0) {
      biases_at_base_rates = base_rates<T>(net.layers, net.loss, net.outputs, y, weights, ranks);
    }
  }

  static std::optional<SequenceOrder> sequences_of(const Samples& x, Over over, std::size_t batch_size,
                                                   std::size_t truncation) {
    if (over == Over::rows) return std::nullopt;
    return std::optional<SequenceOrder>(std::in_place, x.starts, batch_size, truncation);
  }

  std::size_t largest_batch() const { return sequences ? sequences->largest_batch() : shares.largest(); }
  Batch batch(std::size_t number) const {
    if (number >= steps) return {number, order.size(), 0};
    if (sequences) {
      const Timeline& time = sequences->timeline(number);
      return {number, sequences->first_row(number), time.rows(), 0, false, &time};
    }
    const std::size_t first = shares.begin(number);
    return {number, first, shares.begin(number + 1) - first};
  }

  // An epoch is `begin` and `prepare`, slices of steps while `more()`, and `end`. Until then nothing else
  // uses the network.
  void begin(const Method& chosen, std::span<const std::uint32_t> order = {});
  void prepare();
  // The same for all ranks, of which none begins if one cannot
  void begin_together(const Method& chosen, std::span<const std::uint32_t> order);
  bool more() const { return next_step < end_step && !failed && !step.interrupted(); }
  bool late() const { return options.budget != nullptr && options.budget->late(); }
  bool pauses() const { return options.budget != nullptr && options.budget->pauses(); }
  void plan(const Method& chosen);
  void limit_steps();
  Clock clock(std::uint64_t t, std::size_t number, std::size_t later = 0) const {
    if (options.budget == nullptr) return t + later;
    return options.budget->clock(t, options.budget->taken() + updates(number), later);
  }
  double share_before(std::size_t number);
  // What several ranks do not do together, and whether they do the same
  static void check_across(const Ranks& ranks, const typename Network<T>::State& net,
                           const TrainingOptions& options);
  static void check_same_shapes(const Ranks& ranks, const typename Network<T>::State& net,
                                const TrainingOptions& options, bool weighted);
  void check_shares() const;
  void begin_across();
  std::size_t first_layer_not_finite() const;
  // Steps on a team, for at most about 50 ms
  void run_slice();
  // At least one step on a team, called by all members together, until is_last(number), which thread 0
  // evaluates at the start of each step. It does not throw; call `end_slice` afterwards.
  template <class F>
  void run_as(Member member, F&& is_last);
  EpochResult end();
  double last_rate() const;

  void reserve();
  void restart();
  bool one_step(Member member, const DataSource<T>& data, std::size_t number);
  DataSource<T> data() const {
    return {&x,
            &y,
            weights,
            sequences ? sequences->steps().data() : order.data(),
            net.input_layer.columns(),
            net.projection.data(),
            sequences ? sequences->sequences().data() : nullptr};
  }
  // The order in which targets and their weights are visited, and how many come before a batch
  std::span<const std::uint32_t> order_of_targets() const {
    if (!sequences) return {order.data(), order.size()};
    return over == Over::steps ? sequences->steps() : sequences->sequences();
  }
  std::size_t targets_before(std::size_t number) const {
    if (number == steps) return order_of_targets().size();
    return over == Over::sequences ? sequences->timeline(number).first : batch(number).first;
  }
  void note_step(std::size_t number) {
    loss_sum += step.batch_loss();
    weight_sum += step.batch_weight();
    if (options.watch != nullptr && step.batch_weight() > 0) {
      options.watch->state().add_batch(step.batch_loss() / step.batch_weight(), update_of_fit(number) + 1);
    }
    const double rows = ranks.many() ? step.across().rows(number) : static_cast<double>(batch(number).rows);
    of_update.add({rows, step.batch_loss(), step.batch_weight(), 0});
    if (group_of(number).last) {
      of_update.penalty = weights.scale() * method->l2_of_sum / 2 * step.square_of_weights();
      of_epoch.add(of_update.mean_by_rows());
      of_update = {};
    }
    next_step = gathered = number + 1;
  }
  void end_slice();
  // Updates before batch `number`: the last group of an epoch may be short
  std::size_t updates(std::size_t number) const {
    if (method->accumulate == 1) return number;
    return number == steps ? (number + method->accumulate - 1) / method->accumulate
                           : number / method->accumulate;
  }
  // The number of the update in the fit that is watched, from 0
  std::size_t update_of_fit(std::size_t number) const {
    return options.watch == nullptr ? 0 : options.watch->state().steps + updates(number);
  }
  Group group_of(std::size_t number) const {
    if (method->accumulate == 1) return {false, true, true};
    return {true, number % method->accumulate == 0,
            (number + 1) % method->accumulate == 0 || number + 1 == steps};
  }
  bool worth_a_team() const { return step.worth_a_team(); }
  int team() const { return worth_a_team() ? team_size() : 1; }
  // Within the fit that this training may be a part of
  std::size_t epoch_of_fit() const { return options.epochs_before + epochs; }
  void restore(const std::string& what, std::size_t at_step, std::size_t layer);
  void restore_unless_finite();

  typename Network<T>::State& net;
  const Ranks ranks;
  const ScaledWeights weights;
  // What the input layer has learned, until the first epoch
  Adaptation<T> adaptation;
  const NodeSamples of_nodes;
  const Samples& x;
  const Targets y;
  const TrainingOptions options;
  const Over over;
  const std::size_t samples;  // rows, or sequences
  const Shares shares;        // of rows in each batch
  const std::size_t batch_size, batches;
  std::optional<SequenceOrder> sequences;
  const std::size_t steps;  // of an epoch: batches, or windows of those
  Orders order;
  const Layout<T>& layout() const { return adaptation.layout ? *adaptation.layout : net; }
  // Of the last epoch end; in the memory of the folded parameters, which is free then, if there are any
  T* finite_parameters() { return net.nodes.folds() ? net.folded_memory() : own_finite_parameters.data(); }
  Buffer<T> own_finite_parameters;
  RunningStatistics<T> finite_statistics;
  Step<T> step;

  std::vector<T> biases_at_base_rates;  // until the first epoch
  std::optional<Method> method;
  std::span<const std::uint32_t> given_order;  // of the next epoch
  std::size_t next_step = 0, gathered = 0;     // batches
  std::size_t end_step = 0;                    // where the epoch or the budget ends
  std::size_t updates_counted = 0;
  std::size_t epochs = 0;  // begun
  double loss_sum = 0, weight_sum = 0;
  SumsOfUpdates of_update, of_epoch;  // the batches since the last update; and all updates
  bool failed = false;                // the step at next_step had a loss that is not finite
  // At the start of a step thread 0 decides whether it is the last of the slice; the others read this at its
  // end. Two flags alternate, so that the slowest thread reads a decision before it is overwritten.
  bool last_of_slice[2] = {};
  Pace pace{experience_of(step.flops(), worth_a_team() ? thread_limit() : 1)};
  double least_seconds = std::numeric_limits<double>::infinity();  // fewest thread-seconds for a step so far
  std::optional<Access::Writing> writing;                          // during an epoch
  std::shared_ptr<const CallUnderWay> under_way;                   // from the first epoch on
};

template <class T>
template <class F>
void Training<T>::State::run_as(Member member, F&& is_last) {
  const DataSource<T> source = data();
  const std::size_t first = next_step;
  if (gathered != first) step.gather(member, source, batch(first));
  for (std::size_t number = first; number < end_step; ++number) {
    if (member.thread == 0) last_of_slice[number % 2] = is_last(number) || pauses();
    if (batch(number).rows == 0 && !ranks.many()) {
      step.gather(member, source, batch(number + 1));
      if (member.thread == 0) next_step = gathered = number + 1;  // others have read them: that was a barrier
      if (last_of_slice[number % 2]) break;
      continue;
    }
    const bool done = one_step(member, source, number);
    if (member.thread == 0 && done) note_step(number);
    if (!done || last_of_slice[number % 2]) break;
  }
}

}  // namespace fanin
