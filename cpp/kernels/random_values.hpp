// Random values of variance 1 from blocks of Philox.
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

// Two normal values from each of n blocks, by Box and Muller: sqrt(-2 log u) times cos(2 pi v) and sin(2 pi
// v). In short loops, many iterations of which a processor can overlap.
inline void normal_pairs(double* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                         const std::uint32_t* key) {
  constexpr std::size_t at_a_time = 128;
  alignas(64) double radius[at_a_time], two_v[at_a_time], sine[at_a_time];
  for (std::size_t begin = 0; begin < n; begin += at_a_time) {
    const std::size_t count = n - begin < at_a_time ? n - begin : at_a_time;
    for_each_block(first + static_cast<std::uint32_t>(begin), count, counter, key,
                   [&](std::size_t i, const RandomBlocks& r, auto lanes) {
                     lanes.store(Vec<double>(1.0) - unit_interval(r.c[0], r.c[1]), radius + i);
                     lanes.store(Vec<double>(2.0) * unit_interval(r.c[2], r.c[3]), two_v + i);
                   });
    for_each<double>(count, [&](std::size_t i, auto lanes) {
      lanes.store(sqrt(Vec<double>(-2.0) * log(lanes.load(radius + i))), radius + i);
    });
    for_each<double>(count, [&](std::size_t i, auto lanes) {
      const CosineAndSine angle = cos_and_sin_pi(lanes.load(two_v + i));
      const Vec<double> r = lanes.load(radius + i);
      lanes.store(angle.cosine * r, two_v + i);
      lanes.store(angle.sine * r, sine + i);
    });
    for (std::size_t i = 0; i < count; ++i) {
      out[2 * (begin + i)] = two_v[i];
      out[2 * (begin + i) + 1] = sine[i];
    }
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
