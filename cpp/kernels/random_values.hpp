// Random values of variance 1, each from one block of Philox.
#pragma once

#include "for_each.hpp"
#include "math.hpp"
#include "philox.hpp"

namespace fanin::FANIN_ISA {
namespace {

// A number in [0, 1) from the upper 53 bits of two words, exactly: 32 bits and the other 21 are each inserted
// into a double of the magnitude at which its last bit has their value
FANIN_INLINE Vec<double> unit_interval(Counters low, Counters high) {
  const Counters bits = ((low & 0xFFFFFFFF) | high << 32) >> 11;
  const Vec<double> low_origin(0x1p52), high_origin(0x1p84);
  const Vec<double> lower = from_words<double>((bits & 0xFFFFFFFF) | words_of(low_origin)) - low_origin;
  const Vec<double> upper = from_words<double>((bits >> 32) | words_of(high_origin)) - high_origin;
  return (upper + lower) * Vec<double>(0x1p-53);
}

// Uniform in [-sqrt(3), sqrt(3))
FANIN_INLINE Vec<double> uniform_value(const RandomBlocks& r) {
  const Vec<double> limit(0x1.bb67ae8584caap0), one(1.0);
  return limit * (Vec<double>(2.0) * unit_interval(r.c[0], r.c[1]) - one);
}

// f(i, random blocks of `first` + i, lanes); block numbers have 32 bits
template <class F>
FANIN_INLINE void for_each_block(std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                                 const std::uint32_t* key, F&& f) {
  const RandomStream random(counter, key);
  Counters lane;
  for (std::size_t i = 0; i < kVectorBytes / 8; ++i) lane[i] = i;
  for_each<double>(
      n, [&](std::size_t i, auto lanes) { f(i, random.blocks((lane + (first + i)) & 0xFFFFFFFF), lanes); });
}

inline void uniform_values(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                           const std::uint32_t* key) {
  for_each_block(first, n, counter, key, [&](std::size_t i, const RandomBlocks& r, auto lanes) {
    lanes.store(uniform_value(r), out + i);
  });
}

// Normal by Box and Muller: sqrt(-2 log u) cos(2 pi v). In three loops: a processor can overlap many
// iterations of a short one.
inline void normal_values(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                          const std::uint32_t* key) {
  constexpr std::size_t at_a_time = 256;
  alignas(64) double two_v[at_a_time];
  for (std::size_t begin = 0; begin < n; begin += at_a_time) {
    double* const some = out + begin;
    const std::size_t count = n - begin < at_a_time ? n - begin : at_a_time;
    for_each_block(first + static_cast<std::uint32_t>(begin), count, counter, key,
                   [&](std::size_t i, const RandomBlocks& r, auto lanes) {
                     lanes.store(Vec<double>(1.0) - unit_interval(r.c[0], r.c[1]), some + i);
                     lanes.store(Vec<double>(2.0) * unit_interval(r.c[2], r.c[3]), two_v + i);
                   });
    for_each<double>(count, [&](std::size_t i, auto lanes) {
      lanes.store(sqrt(Vec<double>(-2.0) * log(lanes.load(some + i))), some + i);
    });
    for_each<double>(count, [&](std::size_t i, auto lanes) {
      lanes.store(cos_pi(lanes.load(two_v + i)) * lanes.load(some + i), some + i);
    });
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
