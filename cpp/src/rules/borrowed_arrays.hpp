// Arrays of the caller's own, numbered in one row.
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

// The parameters of all arrays are numbered in one row, such that in a buffer by these numbers each array
// begins as far past a cache line as its own memory does, and large ones as far past a page: vectors fill
// whole lines of both at once, no two threads write to one line, and `row_length` says why pages count.
template <class T>
class BorrowedArrays {
 public:
  // Throws ValueError where arrays overlap.
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

  // Values for each array, apart from all of them: gradients
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
      // arrays do not overlap, so that the first one that does not end before g is the only one to look at;
      // it is mostly the same one as for the gradient of the step before
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

  // `what` begins the sentence
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

  // Memory for the values of an array, apart from all arrays
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
  // in elements
  std::size_t address(std::size_t array) const {
    return reinterpret_cast<std::uintptr_t>(arrays[array].data()) / sizeof(T);
  }
  static std::string at(const char* name, std::size_t i) {
    return std::string(name) + "[" + std::to_string(i) + "]: ";
  }

  std::vector<std::size_t> by_address_;
  mutable std::vector<std::ptrdiff_t> next_;  // place in by_address_ of the first after each gradient
};

}  // namespace fanin
