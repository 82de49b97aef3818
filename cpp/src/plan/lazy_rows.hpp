// Rows of the first layer's weights that are updated only when a batch meets them, and then make up for the
// steps that they have missed.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/missed_steps.hpp"
#include "rules/method.hpp"
#include "rules/parameters.hpp"

namespace fanin {

// Why a method cannot update rows of an array lazily, for messages; null if it can
const char* reason_against_lazy(const Method& method);

template <class T>
class LazyRows {
 public:
  // For the first array of the table; allocates
  void plan(const Method& method, const ParameterTable& table);
  void stop() { up_to_.clear(); }
  bool exist() const { return !up_to_.empty(); }

  // Before the first step of an epoch, when all rows are up to date. `fresh`: all slots are 0.
  void restart(bool fresh);
  // After each step: the rows that its batch met were updated, others have missed it
  void add(const Update<T>& update);
  bool full() const { return steps_.full(); }

  // Rows that a batch meets
  void catch_up(const SparseGroups<T>& met, Range buckets) const;
  void mark(const Update<T>& update, const SparseGroups<T>& met, Range buckets) const;
  // A share of all rows; then call `restart` before the next step
  void catch_up(Range rows) const;
  std::size_t rows() const { return up_to_.size(); }

 private:
  static constexpr std::uint32_t kNever = static_cast<std::uint32_t>(-1);

  class Memo;
  double undecayed(const Update<T>& update) const {
    return around_.decays ? 1 - around_.scale * update.rate * update.decay : 1;
  }
  bool counts(const Update<T>& update) const;
  void ask_for(std::size_t row) const;
  void catch_up(std::size_t row, Memo& memo) const;

  MissedSteps steps_;
  MissedBy<T> by_{};
  SlotList used_;
  Around around_;
  bool averages_ = false, begun_ = false;
  std::size_t offset_ = 0, columns_ = 0;
  // The steps that each row has made up for; kNever: no batch has met it, and its slots are 0. Rows of
  // different threads are different.
  mutable std::vector<std::uint32_t> up_to_;
};

extern template class LazyRows<float>;
extern template class LazyRows<double>;

}  // namespace fanin
