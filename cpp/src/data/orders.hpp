// The order in which an epoch visits the samples.
#pragma once

#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "fanin/network.hpp"

namespace fanin {

// See Network::classes; the targets are checked.
std::vector<std::int32_t> classes_of(const Targets& y, const Loss& loss, std::size_t outputs,
                                     std::string_view argument);

// Rows sorted by class: those of the i-th class that occurs are rows[first[i]], ..., rows[first[i + 1] - 1].
struct RowsByClass {
  RowsByClass() = default;
  explicit RowsByClass(std::span<const std::int32_t> classes);
  std::size_t classes() const { return first.size() - 1; }

  std::vector<std::uint32_t> rows, first;
};

class Orders {
 public:
  // An epoch of `rows` places has `steps` batches; all but the last have `batch_size`. Throws ValueError
  // unless `y` has the classes that these batches need.
  Orders(Batches batches, const Targets& y, const Loss& loss, std::size_t outputs, std::size_t rows,
         std::size_t batch_size, std::size_t steps);

  std::size_t size() const { return order_.size(); }
  const std::uint32_t* data() const { return order_.data(); }
  std::uint32_t operator[](std::size_t place) const { return order_[place]; }

  // Makes the order of an epoch from its random numbers, whatever the order before.
  void restart(const Philox& random);
  // Throws ValueError unless this order is as long as the epoch and has numbers of rows.
  void check(std::span<const std::uint32_t> order) const;
  // The order of the next epoch, which is checked
  void take(std::span<const std::uint32_t> order);

 private:
  void deal(const Philox& random);

  const Batches batches_;
  const std::size_t batch_size_, steps_;
  bool in_order_ = true;  // whether order_ is 0, 1, 2, ...
  std::vector<std::uint32_t> order_;
  RowsByClass by_class_;
  std::vector<std::uint32_t> shuffled_;      // the rows of a class
  std::vector<std::uint32_t> full_batches_;  // in the order in which they are dealt to
};

}  // namespace fanin
