// Panels for testing kernels: memory of their own, followed by canaries.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/buffer.hpp"
#include "base/random.hpp"
#include "kernels/table.hpp"
#include "rules/method.hpp"

namespace fanin::test {

template <class T>
class Matrix {
 public:
  Matrix(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), memory_(panels().size() + kCanaries) {
    for (std::size_t i = 0; i < kCanaries; ++i) memory_.data()[panels().size() + i] = kCanary;
  }
  Panels<T> panels() const { return {memory_.data(), rows_, columns_}; }
  Panels<const T> view() const { return {memory_.data(), rows_, columns_}; }
  T& at(std::size_t i, std::size_t j) const { return panels().at(i, j / kPanel<T>)[j % kPanel<T>]; }
  void fill(const std::function<double(std::size_t, std::size_t)>& value) const {
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) at(i, j) = static_cast<T>(value(i, j));
    }
  }
  void poison() const {
    for (std::size_t i = 0; i < panels().size(); ++i) memory_.data()[i] = T{-999};
  }
  // Whether nothing was written past the end and padding lanes are zero
  bool intact() const {
    for (std::size_t i = 0; i < kCanaries; ++i) {
      if (memory_.data()[panels().size() + i] != kCanary) return false;
    }
    const Panels<T> m = panels();
    const std::size_t last = m.count() - 1;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = m.used(last); j < m.width(last); ++j) {
        if (m.at(i, last)[j] != 0) return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kCanaries = 64;
  static constexpr T kCanary = T{12345};
  std::size_t rows_, columns_;
  Buffer<T> memory_;
};

// Small integers: sums of their products are exact in float
inline double small_integer(std::uint64_t stream, std::size_t i, std::size_t j) {
  return static_cast<double>(Philox(7, stream).bits(i * 100003 + j) % 7) - 3;
}

// In [-1, 1)
inline double uniform(std::uint64_t stream, std::uint64_t i) {
  return static_cast<double>(Philox(11, stream).bits(i) >> 11) * 0x1p-52 - 1;
}

// The slots of a rule with its defaults, one after the other, before the first step
template <class T>
std::vector<T> fresh_slots(const Rule& rule, std::size_t size) {
  std::vector<T> slots;
  const RuleTraits traits = traits_of(rule);
  for (int i = 0; i < traits.slots.count; ++i) {
    slots.insert(slots.end(), size, static_cast<T>(traits.initial[traits.slots.slot[i]]));
  }
  return slots;
}

// The method around a rule, as one segment
inline std::vector<Segment> segments_of(const Rule& rule, std::size_t size) {
  if (is_bare(rule)) return {};
  return {{size, around_of(rule, 0, 1)}};
}

}  // namespace fanin::test
