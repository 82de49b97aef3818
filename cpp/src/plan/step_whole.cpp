// Steps that need the whole gradient before any update: for sums over a group of batches, a limit on the
// norm, rules of whole matrices, a second gradient at other weights, because they are watched, or because
// they are so slow that they must be interruptible.
#include "base/text.hpp"
#include "fanin/error.hpp"
#include "fanin/math.hpp"
#include "plan/step.hpp"

namespace fanin {
namespace {

double power_of(double base, double exponent) { return math::exp(exponent * math::log(base)); }

}  // namespace

template <class T>
void Step<T>::allocate(const Method& method) {
  const bool in_blocks = at_a_time_ < largest_batch_;
  twice_ = traits_of(method.rule).second_gradient;
  plan_rows(method);
  whole_ = across_.many() || slow_ || nodes_.ties() || in_blocks || twice_ || needs_whole_gradient(method) ||
           (data_.out.sparse != nullptr && !is_frozen(method, 0) && !lazy_.exist());
  const auto allocate = [&](Buffer<T>& buffer) {
    if (buffer.size() == 0) buffer = Buffer<T>(nodes_.table.size);
  };
  if (whole_) allocate(gradient_);
  if (in_blocks && method.accumulate > 1) allocate(of_batch_);
  if (twice_) allocate(shifted_);
  if (twice_) allocate(second_);
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    trained_[i] = !is_frozen(method, i);
  }
  plan_backward();
  limit_norm(method);
  penalize(method);
  matrices_.plan(method, nodes_.table, true);
  if (watch_ == nullptr) return;
  allocate(gradient_);
  watching_.allocate(*watch_, data_.out, nodes_.list, nodes_.table, matrices_);
}

template <class T>
void Step<T>::plan_rows(const Method& method) {
  const bool sparse = data_.out.sparse != nullptr;
  const bool whole = across_.many() || slow_ || at_a_time_ < largest_batch_ || watch_ != nullptr;
  const char* const reason =
      !sparse ? "no layer reads sparse rows or whole numbers"
      : whole ? "this fit needs the whole gradient of large batches or of several ranks, or is watched"
              : reason_against_lazy(method);
  if (method.lazy == Lazy::always && reason != nullptr) {
    throw ValueError("lazy: expected \"auto\" or \"never\" for " + std::string(method.rule.name()) +
                     ", because " + reason);
  }
  if (reason == nullptr && method.lazy != Lazy::never && !is_frozen(method, 0)) {
    lazy_.plan(method, nodes_.table);
  } else {
    lazy_.stop();
  }
  if (method.count_power > 0 && (!sparse || across_.many() || at_a_time_ < largest_batch_)) {
    throw ValueError("count_power: expected 0, because " +
                     std::string(across_.many() ? "a rank does not know the counts of the others"
                                 : sparse       ? "batches of more than 4096 rows are processed in blocks"
                                                : "no layer reads sparse rows or whole numbers") +
                     ", got " + number_text(method.count_power));
  }
  if (method.count_power == count_power_) return;
  Buffer<T> factors(method.count_power > 0 ? at_a_time_ * data_.out.sparse->sums() + 1 : 0);
  for (std::size_t n = 1; n < factors.size(); ++n) {
    factors.data()[n] = static_cast<T>(power_of(static_cast<double>(n), -method.count_power));
  }
  count_power_ = method.count_power;
  count_factors_ = std::move(factors);
}

template <class T>
RowUpdate<T> Step<T>::row_update(const Batch& batch) const {
  RowUpdate<T> rows{lazy_.exist() ? &lazy_ : nullptr};
  if (count_power_ == 0) return rows;
  rows.factors = count_factors_.data();
  rows.factor = static_cast<T>(power_of(static_cast<double>(batch.rows), count_power_));
  return rows;
}

template <class T>
void Step<T>::catch_up(Member member) const {
  lazy_.catch_up(Executor<T>::share(member, lazy_.rows()));
}

template <class T>
void Step<T>::limit_norm(const Method& method) {
  clip_norm_ = method.clip_norm;
  norm_.clear();
  if (clip_norm_ == __builtin_inf()) return;
  for (std::size_t i = 0; i < nodes_.table.trained.size(); ++i) {
    const ParameterArray& array = nodes_.table.trained[i];
    if (!is_frozen(method, i)) norm_.add_panels(0, array.offset, array.rows, array.columns);
  }
  norm_.allocate();
}

template <class T>
void Step<T>::penalize(const Method& method) {
  of_weights_.clear();
  for (const ParameterArray& array : nodes_.table.trained) {
    if (method.l2_of_sum > 0 && array.inputs() > 0)
      of_weights_.add_panels(0, array.offset, array.rows, array.columns);
  }
  of_weights_.allocate();
}

// Calls f(range) for this thread's share of the flat buffer, without waiting for the others
template <class T>
template <class F>
void Step<T>::for_own_parameters(Member member, F&& f) const {
  constexpr std::size_t run = 4096;
  const Range runs = Executor<T>::share(member, (nodes_.table.size + run - 1) / run);
  const std::size_t begin = runs.begin * run,
                    end = runs.end * run < nodes_.table.size ? runs.end * run : nodes_.table.size;
  if (begin < end) f(Range{begin, end});
}

template <class T>
double Step<T>::weight_of_update(const Turn<T>& turn) const {
  const double before = turn.group.many && !turn.group.first ? group_weight_ : 0;
  return before + (whole_ ? batch_weight_ : data_.total_weight(block(turn.batch, 0)));
}

template <class T>
double Step<T>::mean_loss(const Turn<T>& turn) const {
  const double before = turn.group.many && !turn.group.first ? group_loss_ : 0;
  const double loss = before + (whole_ ? batch_loss_ : loss_.sum(block(turn.batch, 0)));
  const double weight = weight_of_update(turn);
  return weight > 0 ? loss / weight : 0;
}

// Sets the factor that limits the norm of the whole gradient
template <class T>
void Step<T>::limit(Member member, Limits<T>& limits) {
  if (clip_norm_ == __builtin_inf()) return;
  norm_.limit(
      member, limits, clip_norm_, [&] { executor_.barrier(member); },
      [&](std::size_t) { return gradient_.data(); });
}

template <class T>
bool Step<T>::forward(Member member, const Turn<T>& turn, const T* parameters) {
  of_weights_.square(member, {}, [&](std::size_t) { return parameters; });
  if (!whole_) {
    if (lazy_.full()) {
      catch_up(member);
      executor_.barrier(member);
      if (member.thread == 0) lazy_.restart(false);
      executor_.barrier(member);
    }
    StepOf<T> step{block(turn.batch, 0), {}, &turn.data, parameters, random_};
    step.rows = row_update(step.batch);
    return forward_block(member, step, data_.total_weight(step.batch), !prepared_);
  }
  const Group group = turn.group;
  // A second gradient needs the same rows again, so the next batch is gathered later.
  const Turn<T> alone{turn.data, turn.batch, {turn.next.number, turn.next.first, 0}};
  const Turn<T>& of_gradient = twice_ ? alone : turn;
  if (!group.many) return gradient(member, of_gradient, parameters, {gradient_.data()});
  const T weight = static_cast<T>(total_weight(turn.data, turn.batch));
  const Into into = group.first ? Into::first_of_sum : Into::next_of_sum;
  if (of_batch_.size() == 0) {
    if (!gradient(member, of_gradient, parameters, {gradient_.data(), into, weight})) return false;
  } else {
    if (!gradient(member, of_gradient, parameters, {of_batch_.data()})) return false;
    for_own_parameters(member, [&](Range r) {
      T* const sum = gradient_.data() + r.begin;
      kernels<T>().add_weighted(sum, group.first ? nullptr : sum, of_batch_.data() + r.begin, weight,
                                r.end - r.begin);
    });
    executor_.barrier(member);
  }
  if (across_.many() && group.last) add_group_across(member);
  return true;
}

template <class T>
void Step<T>::add_to_group(Member member, const Turn<T>& turn) {
  note_statistics(member, block(turn.batch, 0));
  add_statistics(member);
  if (member.thread == 0) {
    group_weight_ = (turn.group.first ? 0 : group_weight_) + batch_weight_;
    group_loss_ = (turn.group.first ? 0 : group_loss_) + batch_loss_;
  }
  executor_.barrier(member);
}

// A watched step takes about twice the time of a tiny step, and at most 1.5 times that of others: watching
// then costs less than 2%.
template <class T>
std::size_t Step<T>::chosen_every() const {
  constexpr double tiny = 5e4;
  return flops() < tiny ? 64 : 32;
}

template <class T>
void Step<T>::watch(Watch* watch) {
  if (watch == nullptr) return;
  watch_ = &watch->state();
  if (watch_->every == 0) watch_->every = chosen_every();
}

template <class T>
bool Step<T>::update(Member member, const Turn<T>& turn, Update<T> update, std::size_t number) {
  const bool watched = watches(number);
  const double weight = weight_of_update(turn);
  if (weight > 0) {
    update.share_of_sum = turn.data.weights.scale() / weight;
  } else {
    update.segments = &nothing_;
  }
  if (!whole_) {
    const GradientSink<T> sink{watched ? gradient_.data() : nullptr};
    StepOf<T> step{block(turn.batch, 0),
                   block(turn.next, 0),
                   &turn.data,
                   update.parameters,
                   random_,
                   T{1},
                   &update,
                   sink};
    step.rows = row_update(step.batch);
    if (weight == 0) step.rows.lazy = nullptr;
    if (!backward_block(member, step, false)) return false;
    if (step.rows.lazy != nullptr) {
      if (member.thread == 0) lazy_.add(update);
      executor_.barrier(member);
    }
    if (watched && weight > 0) update_whole(member, update, number);
    return true;
  }
  note_statistics(member, block(turn.batch, 0));
  if (twice_) {
    const double loss = batch_loss_;
    for_own_parameters(member,
                       [&](Range r) { kernels<T>().shift(update, shifted_.data(), gradient_.data(), r); });
    executor_.barrier(member);
    if (blocks(turn.batch.rows) > 1) gather(member, turn.data, turn.batch);
    if (!gradient(member, turn, shifted_.data(), {second_.data()})) return false;
    if (member.thread == 0) batch_loss_ = loss;
    update.second = second_.data();
  }
  add_statistics(member);
  if (weight == 0) return true;
  if (turn.group.many) update.limits.mean = static_cast<T>(1 / weight);
  limit(member, update.limits);
  update_whole(member, update, number);
  return true;
}

// By the gradient of all parameters
template <class T>
void Step<T>::update_whole(Member member, const Update<T>& update, std::size_t number) {
  const bool watched = watches(number);
  if (watched) for_own_parameters(member, [&](Range r) { watching_.keep(update.parameters, r); });
  const auto at = [this](std::size_t array) { return nodes_.table.trained[array].offset; };
  matrices_.update(
      member, update, [&] { executor_.barrier(member); },
      [&](std::size_t array) { return gradient_.data() + at(array); },
      [&](std::size_t array) { return update.parameters + at(array); });
  for_own_parameters(member, [&](Range all) {
    matrices_.for_others(all, [&](Range r) {
      const auto update_part = [&](Range part) { kernels<T>().update(update, gradient_.data(), part); };
      watched ? watching_.around(gradient_.data(), update.parameters, r, update_part) : update_part(r);
    });
    if (watched) watching_.compare(gradient_.data(), update.parameters, all);
  });
  executor_.barrier(member);
  if (!watched) return;
  watching_.units(member, last_block_);
  if (member.thread == 0) prepared_ = false;  // which is read after the barrier
  executor_.barrier(member);
  if (member.thread == 0) watching_.add(last_block_, number > 0 && watches(number - 1));
}

#define FANIN_INSTANTIATE(T)                                                     \
  template void Step<T>::allocate(const Method&);                                \
  template void Step<T>::limit(Member, Limits<T>&);                              \
  template void Step<T>::limit_norm(const Method&);                              \
  template void Step<T>::plan_rows(const Method&);                               \
  template RowUpdate<T> Step<T>::row_update(const Batch&) const;                 \
  template void Step<T>::catch_up(Member) const;                                 \
  template void Step<T>::penalize(const Method&);                                \
  template double Step<T>::weight_of_update(const Turn<T>&) const;               \
  template double Step<T>::mean_loss(const Turn<T>&) const;                      \
  template bool Step<T>::forward(Member, const Turn<T>&, const T*);              \
  template bool Step<T>::update(Member, const Turn<T>&, Update<T>, std::size_t); \
  template void Step<T>::watch(Watch*);                                          \
  template std::size_t Step<T>::chosen_every() const;                            \
  template void Step<T>::update_whole(Member, const Update<T>&, std::size_t);    \
  template void Step<T>::add_to_group(Member, const Turn<T>&);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
