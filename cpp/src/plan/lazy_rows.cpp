#include "plan/lazy_rows.hpp"

#include <algorithm>

#include "base/registry.hpp"

namespace fanin {
namespace {

// Of this share of a slot, what a sum of steps would still gain is below rounding.
template <class T>
constexpr double kLeast = sizeof(T) == sizeof(float) ? 0x1p-26 : 0x1p-55;

// Whether weights without a gradient stay as they are, together with their slots
bool is_still(const IdleStep& step, const SlotList& used, double undecayed) {
  bool still = step.moved_by < 0 && undecayed == 1;
  for (int i = 0; i < used.count; ++i) still = still && step.keep[used.slot[i]] == 1;
  return still;
}

// Whether the slot that moves a weight shrinks more slowly than what divides it
bool speeds_up(const IdleStep& step) {
  if (step.moved_by < 0 || step.divided_by < 0) return false;
  const double moved = step.keep[step.moved_by], divided = step.keep[step.divided_by];
  return (step.root ? moved * moved : moved) > divided;
}

}  // namespace

const char* reason_against_lazy(const Method& method) {
  const RuleTraits traits = traits_of(method.rule);
  if (!traits.idles)
    return "its steps move weights without a gradient in ways that cannot be made up for later";
  if (speeds_up(*constants_of(method.rule, Moment(1)).idle))
    return "without gradients, its steps become longer from one to the next";
  if (method.l1 != 0 || method.l2 != 0 || method.l2_of_sum != 0)
    return "a penalty gives every weight a gradient";
  if (method.accumulate > 1) return "the gradients of several batches are added up";
  if (method.clip_norm < __builtin_inf()) return "the norm of the whole gradient is clipped";
  if (averages(method) && traits.looks_ahead) return "it looks ahead, and weights are averaged";
  return nullptr;
}

template <class T>
void LazyRows<T>::plan(const Method& method, const ParameterTable& table) {
  const ParameterArray& array = table.trained.front();
  if (up_to_.size() != array.rows) {
    up_to_.assign(array.rows, kNever);
    begun_ = false;
  }
  used_ = traits_of(largest_of(method)).slots;
  around_ = around_of(method, 0, array.inputs());
  averages_ = averages(method);
  offset_ = array.offset;
  columns_ = array.columns;
}

template <class T>
void LazyRows<T>::restart(bool fresh) {
  if (fresh) {
    std::fill(up_to_.begin(), up_to_.end(), kNever);
  } else {
    for (std::uint32_t& step : up_to_) step = begun_ && step == kNever ? kNever : 0;
  }
  begun_ = true;
  steps_.begin(averages_, kLeast<T>);
}

template <class T>
bool LazyRows<T>::counts(const Update<T>& update) const {
  return averages_ || !is_still(*update.idle, used_, undecayed(update));
}

template <class T>
void LazyRows<T>::add(const Update<T>& update) {
  if (!counts(update)) return;
  IdleStep step = *update.idle;
  step.rate *= around_.scale;
  steps_.add(step, undecayed(update), averages_ ? update.averaging.share : 0);
  const auto place = [&](int slot) { return slot < 0 ? -1 : used_.place[slot]; };
  by_ = {{update.parameters + offset_, rows(), columns_},
         update.slots + offset_,
         averages_ ? update.averaging.average + offset_ : nullptr,
         update.slot_stride,
         used_.count,
         place(step.moved_by),
         place(step.divided_by),
         step.root};
}

// Rows of a batch have missed one of a few numbers of steps.
template <class T>
class LazyRows<T>::Memo {
 public:
  explicit Memo(const LazyRows& rows) : rows_(rows) {
    std::fill(std::begin(steps_), std::end(steps_), kNever);
  }
  const Missed<T>& since(std::uint32_t step) {
    const std::size_t at = step % kPlaces;
    if (steps_[at] == step) return missed_[at];
    steps_[at] = step;
    const Missed<T> by_slot = rows_.steps_.template since<T>(step);
    missed_[at] = by_slot;
    for (int i = 0; i < rows_.used_.count; ++i) missed_[at].keep[i] = by_slot.keep[rows_.used_.slot[i]];
    return missed_[at];
  }

 private:
  static constexpr std::size_t kPlaces = 128;
  const LazyRows& rows_;
  std::uint32_t steps_[kPlaces];
  Missed<T> missed_[kPlaces];
};

// Prefetches a row of the weights, of the slots and of the average
template <class T>
void LazyRows<T>::ask_for(std::size_t row) const {
  constexpr std::size_t line = 64 / sizeof(T);
  __builtin_prefetch(&up_to_[row], 1, 2);
  for (std::size_t p = 0; p < by_.weights.count(); ++p) {
    const auto first = static_cast<std::size_t>(by_.weights.at(row, p) - by_.weights.data);
    for (std::size_t i = first; i < first + by_.weights.width(p); i += line) {
      __builtin_prefetch(by_.weights.data + i, 1, 2);
      for (int s = 0; s < by_.slot_count; ++s) {
        __builtin_prefetch(by_.slots + static_cast<std::size_t>(s) * by_.slot_stride + i, 1, 2);
      }
      if (by_.average != nullptr) __builtin_prefetch(by_.average + i, 1, 2);
    }
  }
  asm volatile("");  // gcc 12 drops calls of a function that only prefetches
}

template <class T>
void LazyRows<T>::catch_up(std::size_t row, Memo& memo) const {
  const std::uint32_t step = up_to_[row];
  if (step == kNever ? !steps_.still() : step < steps_.count()) {
    kernels<T>().catch_up(by_, memo.since(step == kNever ? 0 : step), row);
  }
}

template <class T>
void LazyRows<T>::catch_up(const SparseGroups<T>& met, Range buckets) const {
  if (steps_.count() == 0) return;
  constexpr std::size_t ahead = 8;
  Memo memo(*this);
  for (std::size_t b = buckets.begin; b < buckets.end; ++b) {
    const std::size_t end = met.first[b] + met.counts[b];
    for (std::size_t g = met.first[b]; g < end; ++g) {
      if (g + ahead < end) ask_for(met.columns[g + ahead]);
      catch_up(met.columns[g], memo);
      up_to_[met.columns[g]] = static_cast<std::uint32_t>(steps_.count());
    }
  }
}

// `add` follows. Steps that do not count leave rows without a gradient as they are.
template <class T>
void LazyRows<T>::mark(const Update<T>& update, const SparseGroups<T>& met, Range buckets) const {
  const auto step = static_cast<std::uint32_t>(steps_.count() + (counts(update) ? 1 : 0));
  if (step == 0) return;
  for (std::size_t b = buckets.begin; b < buckets.end; ++b) {
    for (std::size_t g = met.first[b]; g < met.first[b] + met.counts[b]; ++g) {
      up_to_[met.columns[g]] = step;
    }
  }
}

template <class T>
void LazyRows<T>::catch_up(Range rows) const {
  if (steps_.count() == 0) return;
  Memo memo(*this);
  for (std::size_t row = rows.begin; row < rows.end; ++row) catch_up(row, memo);
}

template class LazyRows<float>;
template class LazyRows<double>;

}  // namespace fanin
