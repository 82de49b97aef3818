// What the ranks of a fit tell each other before and between its steps.
#pragma once

#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fanin/communicator.hpp"

namespace fanin {

// The ranks of a communicator; alone without one, or if it has only one rank: then nothing is communicated.
class Ranks {
 public:
  Ranks() = default;
  explicit Ranks(Communicator* of) : of_(of != nullptr && of->size() > 1 ? of : nullptr) {}

  bool many() const { return of_ != nullptr; }
  std::size_t rank() const { return many() ? of_->rank() : 0; }
  std::size_t size() const { return many() ? of_->size() : 1; }
  Communicator& communicator() const { return *of_; }

  template <class T>
  void sum(std::span<T> values) const {
    if (!many() || values.empty()) return;
    of_->start_sum(values.data(), values.size());
    of_->wait();
  }
  double sum(double value) const {
    sum(std::span(&value, 1));
    return value;
  }
  // The values of all ranks, of which each has as many, one rank after the other
  std::vector<double> gather(std::span<const double> values) const;
  std::vector<double> gather(double value) const { return gather(std::span(&value, 1)); }
  double largest(double value) const;
  // Replaces the values by those of rank 0, which may have another number
  template <class T>
  void broadcast(std::vector<T>& values) const {
    if (!many()) return;
    std::size_t size = values.size();
    of_->broadcast(&size, sizeof size);
    values.resize(size);
    of_->broadcast(values.data(), size * sizeof(T));
  }
  // Calls `check`, which may throw, on each rank. If it throws on any, throws a ValueError on all, with the
  // number and the message of the first of them.
  void check(const std::function<void()>& check) const;

  // Another seed on each rank, and the given one on rank 0
  std::uint64_t seed(std::uint64_t of_all) const { return of_all + rank() * 0x9E3779B97F4A7C15; }

 private:
  Communicator* of_ = nullptr;
};

}  // namespace fanin
