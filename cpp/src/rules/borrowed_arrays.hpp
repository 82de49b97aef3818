// The caller's own arrays, their parameters numbered consecutively.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/lines.hpp"
#include "data/operands.hpp"
#include "fanin/error.hpp"

namespace fanin {

// In a buffer indexed by these numbers, each array begins at the same offset from a cache line as in its own
// memory, and a large array at the same offset from a page. So vectors cover whole cache lines in both, and
// no two threads write to the same line; `row_length` explains why pages matter.
template <class T>
class BorrowedArrays {
 public:
  // Throws ValueError if arrays overlap
  BorrowedArrays(std::vector<std::span<T>> borrowed) : arrays(std::move(borrowed)) {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (is_null(arrays[i])) throw ValueError(at("arrays", i) + kNullPointer);
      const std::size_t unit = arrays[i].size_bytes() < kManyBytes ? kLine<T> : kPage / sizeof(T);
      const std::size_t past = address(i) % unit;
      offsets.push_back((size + unit - 1 - past) / unit * unit + past);
      size = offsets.back() + arrays[i].size();
      if (!arrays[i].empty()) by_address_.push_back(i);
    }
    size = row_length<T>((size + kLine<T> - 1) / kLine<T> * kLine<T>);
    next_.assign(arrays.size(), 0);
    std::sort(by_address_.begin(), by_address_.end(), [this](std::size_t a, std::size_t b) {
      return std::less<const T*>()(arrays[a].data(), arrays[b].data());
    });
    for (std::size_t k = 1; k < by_address_.size(); ++k) {
      const auto [first, last] = std::minmax(by_address_[k - 1], by_address_[k]);
      if (before(memory_of(arrays[by_address_[k - 1]]), memory_of(arrays[by_address_[k]]))) continue;
      throw ValueError(at("arrays", last) + "expected memory of its own, but it overlaps arrays[" +
                       std::to_string(first) + "]");
    }
  }

  // Checks gradients: the sizes of the arrays, without overlapping any of them
  void check_gradients(const char* name, const std::vector<std::span<const T>>& gradients) const {
    if (gradients.size() != arrays.size()) {
      throw ValueError(std::string(name) + ": expected one for each of the " + std::to_string(arrays.size()) +
                       " arrays, got " + std::to_string(gradients.size()));
    }
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const std::span<const T> g = gradients[i];
      if (g.size() != arrays[i].size()) {
        throw ValueError(at(name, i) + "expected " + std::to_string(arrays[i].size()) + " values, got " +
                         std::to_string(g.size()));
      }
      if (g.empty()) continue;
      if (is_null(g)) throw ValueError(at(name, i) + kNullPointer);
      // Arrays do not overlap, so only the first that does not end before g can overlap it. It is usually the
      // same one as in the step before.
      const Memory memory = memory_of(g);
      const auto ends_before = [&](std::size_t array) { return before(memory_of(arrays[array]), memory); };
      const auto first = by_address_.begin(), end = by_address_.end();
      auto next = first + next_[i];
      if ((next != first && !ends_before(next[-1])) || (next != end && ends_before(*next))) {
        next = std::partition_point(first, end, ends_before);
        next_[i] = next - first;
      }
      if (next == end || before(memory, memory_of(arrays[*next]))) continue;
      throw ValueError(at(name, i) + "expected memory apart from the arrays, but it overlaps arrays[" +
                       std::to_string(*next) + "]");
    }
  }

  // `what` begins the error message
  void check_values(const std::string& what, std::size_t array, std::span<const T> values) const {
    const std::size_t got = values.size();
    if (array >= arrays.size()) {
      throw ValueError(what + "there are only " + std::to_string(arrays.size()) + " arrays");
    }
    if (got != arrays[array].size()) {
      throw ValueError(what + "expected " + std::to_string(arrays[array].size()) + " values, got " +
                       std::to_string(got));
    }
    if (is_null(values)) throw ValueError(what + kNullPointer);
  }

  // Checks memory for the values of an array, which must not overlap any array
  void check_output(const std::string& what, std::size_t array, std::span<T> out) const {
    check_values(what, array, std::span<const T>(out));
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (!overlap(memory_of(out), memory_of(arrays[i]))) continue;
      throw ValueError(what + "expected memory apart from the arrays, but it overlaps arrays[" +
                       std::to_string(i) + "]");
    }
  }

  const std::vector<std::span<T>> arrays;
  std::vector<std::size_t> offsets;
  std::size_t size = 0;

 private:
  // In elements
  std::size_t address(std::size_t array) const {
    return reinterpret_cast<std::uintptr_t>(arrays[array].data()) / sizeof(T);
  }
  static std::string at(const char* name, std::size_t i) {
    return std::string(name) + "[" + std::to_string(i) + "]: ";
  }

  std::vector<std::size_t> by_address_;
  mutable std::vector<std::ptrdiff_t> next_;  // for each gradient, the place in by_address_ found last
};

}  // namespace fanin
