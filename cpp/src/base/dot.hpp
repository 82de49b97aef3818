// Sums over the elements of vectors, in double and in a fixed order.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace fanin {

// a'b: sums of every eighth product, added in order
template <class T>
double dot(std::span<const T> a, std::span<const T> b) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= a.size(); i += lanes) {
    for (std::size_t j = 0; j < lanes; ++j) {
      sums[j] += static_cast<double>(a[i + j]) * static_cast<double>(b[i + j]);
    }
  }
  for (std::size_t j = 0; i + j < a.size(); ++j) {
    sums[j] += static_cast<double>(a[i + j]) * static_cast<double>(b[i + j]);
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// max |a_i|, or NaN if there is a NaN
template <class T>
double largest_size(std::span<const T> a) {
  double largest = 0;
  for (const T value : a) {
    const double size = std::abs(static_cast<double>(value));
    if (!(size <= largest)) largest = size;
    if (std::isnan(size)) break;
  }
  return largest;
}

}  // namespace fanin
