#include "train/training.hpp"

#include "base/random.hpp"
#include "base/registry.hpp"
#include "base/text.hpp"
#include "team/call.hpp"
#include "team/scratch.hpp"

namespace fanin {
namespace {

// Reading the clock takes as long as some 3,000 flops: steps of fewer than this many read it now and then.
constexpr double kFlopsToReadClock = 2e5;
constexpr std::size_t kStepsToReadClock = 8;
// Bringing a row of weights up to date takes as long as so many flops.
constexpr double kCatchUpFlops = 1e4;

}  // namespace

template <class T>
void Training<T>::State::reserve() {
  const ParameterTable& table = step.table();
  net.state.reserve(*method, table);
  net.state.reserve_shown(*method, table);
  step.allocate(*method);
  if (ranks.many()) step.across().reserve(steps);
  if (options.watch != nullptr) options.watch->state().begin_epoch(epoch_of_fit() + 1);
}

// After `reserve`, this throws nothing.
template <class T>
void Training<T>::State::restart() {
  const ParameterTable& table = step.table();
  net.solver.forget();
  if (!net.input_layer.learned()) net.adopt(std::move(adaptation));
  net.start_at_base_rates(biases_at_base_rates);
  if (options.restore) std::memcpy(finite_parameters(), net.weights(), table.size * sizeof(T));
  net.state.prepare(*method, table, net.parameters.data());
  finite_statistics.copy(net.statistics);
  if (given_order.empty()) {
    order.restart(Philox(ranks.seed(options.order_seed.value_or(net.seed)), stream_of_epoch(net.epochs)));
  } else {
    order.take(given_order);
  }
  if (sequences) sequences->arrange({order.data(), order.size()});
  ++net.epochs;
  ++epochs;
  next_step = updates_counted = 0;
  if (options.budget != nullptr) options.budget->renew(options.budget->taken());
  limit_steps();
  gathered = static_cast<std::size_t>(-1);
  loss_sum = weight_sum = 0;
  of_update = of_epoch = {};
  failed = false;
  if (ranks.many()) begin_across();
  step.restart({ranks.seed(net.seed), net.epochs}, net.state.steps == 0);
}

template <class T>
void Training<T>::State::limit_steps() {
  end_step = steps;
  if (options.budget == nullptr || options.budget->steps() >= updates(steps)) return;
  end_step = std::min(steps, std::max<std::size_t>(1, options.budget->steps()) * method->accumulate);
}

// All threads compute the same constants; the first one stores the rule's memory.
template <class T>
bool Training<T>::State::one_step(Member member, const DataSource<T>& data, std::size_t number) {
  const Turn<T> turn{data, batch(number), batch(number + 1), group_of(number)};
  step.ask_for(member, data, turn.next);
  if (!step.forward(member, turn, net.parameters.data())) return false;
  if (!turn.group.last) {
    step.add_to_group(member, turn);
    return true;
  }
  const std::uint64_t before = updates(number) - updates_counted;
  Moment at(net.state.steps + 1 + before);
  if (traits_of(method->rule).needs_loss) at.loss = step.mean_loss(turn);
  at.memory = net.state.memory;
  const StepConstants begun = begin_step(*method, at, clock(at.t, number), clock(at.t, number, 1));
  Update<T> update = net.state.update(*method, at.t, before, net.parameters.data());
  begun.apply_to(update);
  const bool done = step.update(member, turn, update, update_of_fit(number));
  if (member.thread == 0 && done) net.state.memory = begun.memory;
  return done;
}

// Schedules that span the fit
template <class T>
void Training<T>::State::plan(const Method& chosen) {
  if (!spans_fit(chosen)) return;
  if (options.budget == nullptr) {
    throw ValueError("steps: expected the number of steps of the schedule, because nothing limits the fit");
  }
  const std::size_t of_epoch = (steps + chosen.accumulate - 1) / chosen.accumulate;
  std::optional<std::size_t> updates;
  if (options.epochs && *options.epochs <= std::numeric_limits<std::size_t>::max() / of_epoch) {
    updates = *options.epochs * of_epoch;
  }
  if (const std::optional<double> certain = options.budget->plan(updates)) check_span(chosen, *certain);
}

template <class T>
void Training<T>::State::begin(const Method& chosen, std::span<const std::uint32_t> order_of_epoch) {
  check_method(chosen);
  check_arrays(chosen, net.nodes.table.trained.size());
  check_accumulate(chosen.accumulate, options.truncation);
  if (!order_of_epoch.empty()) order.check(order_of_epoch);
  plan(chosen);
  writing.emplace(net.access);
  try {
    method = chosen;
    given_order = order_of_epoch;
  } catch (...) {
    writing.reset();
    throw;
  }
  under_way = training_under_way();
}

template <class T>
void Training<T>::State::prepare() {
  try {
    reserve();
    restart();
  } catch (...) {
    writing.reset();
    throw;
  }
}

// Batches in one parallel region, until the epoch, the time, the loss or the caller ends it.
template <class T>
void Training<T>::State::run_slice() {
  const double waited_before = step.waited();
  const std::size_t first = next_step, apart = step.flops() < kFlopsToReadClock ? kStepsToReadClock : 1;
  run_team(pace.begin(team(), seconds_now()), [&](int thread, int threads) {
    run_as({thread, threads}, [&](std::size_t number) {
      if ((number - first) % apart != 0) return false;
      const double waited = (step.waited() - waited_before) / std::max(1, threads - 1);
      return pace.time_is_up(waited, number - first, seconds_now());
    });
  });
  pace.end(next_step - first, seconds_now());
  end_slice();
}

template <class T>
void Training<T>::State::end_slice() {
  failed = failed || (next_step < end_step && !step.interrupted() && step.failed());
  net.state.count(updates(next_step) - updates_counted);
  updates_counted = updates(next_step);
  const bool stopped = failed || step.interrupted() || next_step == 0;
  if (stopped || !group_of(next_step - 1).last) return;
  if (late()) end_step = next_step;
  if (options.budget != nullptr && options.budget->renew(options.budget->taken() + updates_counted))
    limit_steps();
}

// Of the update before next_step
template <class T>
double Training<T>::State::last_rate() const {
  const std::size_t number = next_step > 0 ? next_step - 1 : 0;
  const std::uint64_t t = std::max<std::uint64_t>(net.state.steps, 1);
  return traits_of(rule_at(*method, clock(t, number))).learning_rate;
}

template <class T>
EpochResult Training<T>::State::end() {
  struct Release {
    std::optional<Access::Writing>& held;
    ~Release() { held.reset(); }
  } const release{writing};
  const double rate = last_rate();
  if (options.watch != nullptr) options.watch->state().end_epoch(updates_counted);
  if (options.budget != nullptr) options.budget->spend(updates_counted);
  if (failed) {
    const Batch last = batch(next_step);
    restore("the loss is", last.number + 1, first_layer_not_finite());
  }
  const ParameterTable& table = net.nodes.table;
  if (step.lags()) {
    const double rows = static_cast<double>(table.trained.front().rows);
    run_call(claim_for(rows * kCatchUpFlops).threads(),
             [&](int thread, int threads) { step.catch_up({thread, threads}); });
  }
  net.state.refresh_shown(table, net.parameters.data());
  const auto mean = [this](double sum) { return of_epoch.rows > 0 ? sum / of_epoch.rows : 0; };
  const EpochResult result{weight_sum > 0 ? loss_sum / weight_sum : 0,
                           next_step < end_step,
                           share_before(next_step),
                           rate,
                           mean(of_epoch.loss),
                           mean(of_epoch.penalty)};
  if (options.restore) restore_unless_finite();
  net.fold();
  return result;
}

template <class T>
Training<T>::Training(Network<T>& network, const Samples& x, const Targets& y, TrainingOptions options,
                      SampleWeights weights) {
  typename Network<T>::State& net = *network.state_;
  const Ranks ranks(options.communicator);
  const ScaledWeights scaled(weights, ranks);
  bool begun = false;
  const auto check = [&] {
    if (rows_of(x) == 0) throw ValueError("X: expected at least one row to train on, got none");
    State::check_across(ranks, net, options);
    if (options.batch_size == 0) throw ValueError("batch_size: expected at least 1, got 0");
    if (net.nodes.has_batch_norm() && options.batch_size == 1) {
      throw ValueError(
          "batch_size: expected at least 2, because batch norm divides by the standard deviation of a "
          "batch, got 1");
    }
    check_truncation(net.nodes.over, options.truncation);
    check_batch(rows_of(x), net.nodes.has_batch_norm() && least_to_normalize(options, ranks) > 1);
    check_data<T>(x, y, weights, network.inputs(), network.outputs(), net.loss, net.input_layer,
                  net.nodes.over, Checks::all, scaled.largest());
    if (net.training.exchange(true)) throw BusyError("network: another training is under way");
    begun = true;
  };
  try {
    ranks.check(check);
    State::check_same_shapes(ranks, net, options, !weights.empty());
    state_ = std::make_unique<State>(net, x, y, scaled, std::move(options));
    state_->check_shares();
    if (!state_->options.restore) state_->step.accept_all_losses();
  } catch (...) {
    if (begun) net.training = false;
    throw;
  }
}

template <class T>
Training<T>::~Training() {
  state_->net.training = false;
}

template <class T>
EpochResult Training<T>::epoch(const Method& method, std::span<const std::uint32_t> order) {
  State& s = *state_;
  s.begin_together(method, order);
  while (s.more() && !s.step.poll()) s.run_slice();
  return s.end();
}

template <class T>
std::span<const std::uint32_t> Training<T>::order() const {
  const State& s = *state_;
  if (s.epochs == 0) return {};
  return s.sequences ? s.sequences->sequences() : std::span(s.order.data(), s.order.size());
}

template <class T>
void Training<T>::exact_statistics() {
  std::optional<Access::Writing> writing;
  state_->ranks.check([&] { writing.emplace(state_->net.access); });
  if (!state_->net.needs_exact_statistics()) return;
  const FloatingPointScope modes;
  state_->net.take_exact_statistics(state_->x, state_->epoch_of_fit(), state_->options.interrupted,
                                    state_->ranks);
  state_->net.fold();
}

template class Training<float>;
template class Training<double>;

}  // namespace fanin
