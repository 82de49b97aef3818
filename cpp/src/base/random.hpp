// Counter-based random numbers: value i of a stream depends only on the seed, the stream and i.
#pragma once

#include <array>
#include <cstdint>

#include "base/registry.hpp"

namespace fanin {

// Philox4x32-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3)
class Philox {
 public:
  Philox(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  std::array<std::uint32_t, 4> block(std::uint64_t index) const {
    std::array<std::uint32_t, 4> c = {low(index), high(index), low(stream_), high(stream_)};
    std::uint32_t k0 = low(seed_), k1 = high(seed_);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0], p1 = std::uint64_t{0xCD9E8D57} * c[2];
      c = {high(p1) ^ c[1] ^ k0, low(p1), high(p0) ^ c[3] ^ k1, low(p0)};
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    return c;
  }

  std::uint64_t bits(std::uint64_t index) const {
    const auto b = block(index);
    return std::uint64_t{b[0]} | std::uint64_t{b[1]} << 32;
  }

  // The same for `n` indices, starting at `first`
  void bits(std::uint64_t* out, std::uint64_t first, std::size_t n) const {
    fill(active_kernels().random_bits, out, first, n);
  }
  // Values of variance 1: uniform in [-sqrt(3), sqrt(3)), each from one block, and normal by Box and Muller,
  // values 2 i and 2 i + 1 from block i
  void uniform(double* out, std::uint64_t first, std::size_t n) const {
    fill(active_kernels().uniform_values, out, first, n);
  }
  void normal(double* out, std::uint64_t first, std::size_t n) const {
    const auto kernel = active_kernels().normal_pairs;
    double pair[2];
    if (n > 0 && first % 2 == 1) {
      fill<2>(kernel, pair, first / 2, 1);
      *out++ = pair[1];
      ++first;
      --n;
    }
    fill<2>(kernel, out, first / 2, n / 2);
    if (n % 2 == 1) {
      fill<2>(kernel, pair, (first + n) / 2, 1);
      out[n - 1] = pair[0];
    }
  }

 private:
  // `values` from each of n blocks. Kernels increment only the lower half of an index.
  template <std::size_t values = 1, class F, class V>
  void fill(F kernel, V* out, std::uint64_t first, std::size_t n) const {
    const std::uint32_t key[] = {low(seed_), high(seed_)};
    while (n > 0) {
      const std::uint32_t counter[] = {high(first), low(stream_), high(stream_)};
      const std::uint64_t left = (std::uint64_t{1} << 32) - low(first), count = n < left ? n : left;
      kernel(out, low(first), count, counter, key);
      out += values * count;
      first += count;
      n -= count;
    }
  }

  static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }
  std::uint64_t seed_, stream_;
};

// The streams of a network's seed: the initial weights of each dense layer, the sample order of each epoch,
// the inputs that the units of a sparse layer connect to, the rows of a stratified split, and
// (kernels/dropout.hpp) the dropout masks of each layer, by epoch and step.
inline std::uint64_t stream_of_layer(std::uint64_t layer) { return layer; }
inline std::uint64_t stream_of_epoch(std::uint64_t epoch) { return (std::uint64_t{1} << 32) + epoch; }
inline std::uint64_t stream_of_connections(std::uint64_t layer) { return (std::uint64_t{2} << 32) + layer; }

inline std::uint64_t stream_of_split() { return ~std::uint64_t{0}; }

inline std::uint32_t word_of_dropout(std::size_t layer) { return 3 + static_cast<std::uint32_t>(layer); }

// A number in 0..n-1, n > 0: the high half of bits * n. Its bias, n / 2^64, is far too small to be detected
// in any sample.
inline std::uint32_t below(std::uint64_t bits, std::uint32_t n) {
  const std::uint64_t scaled_high = (bits >> 32) * n;
  const std::uint64_t scaled_low = (bits & 0xFFFFFFFF) * n;
  return static_cast<std::uint32_t>((scaled_high + (scaled_low >> 32)) >> 32);
}

// Puts n values in random order (Fisher and Yates), by values offset + 1 to offset + n - 1 of the stream.
// Numbers are drawn a few at a time, so that the elements they point at can be prefetched.
inline void shuffle(std::uint32_t* order, std::uint32_t n, const Philox& random, std::uint64_t offset) {
  constexpr std::uint32_t at_a_time = 64;
  std::uint64_t bits[at_a_time];
  std::uint32_t other[at_a_time];
  for (std::uint32_t left = n; left > 1;) {
    const std::uint32_t count = left - 1 < at_a_time ? left - 1 : at_a_time, first = left - count + 1;
    random.bits(bits, offset + first, count);
    for (std::uint32_t k = 0; k < count; ++k) {
      other[k] = below(bits[k], first + k);
      __builtin_prefetch(order + other[k], 1);
    }
    for (; left >= first; --left) {
      const std::uint32_t last = order[left - 1];
      order[left - 1] = order[other[left - first]];
      order[other[left - first]] = last;
    }
  }
}

// 0..n-1 in random order
inline void permute(std::uint32_t* order, std::uint32_t n, const Philox& random, std::uint64_t offset = 0) {
  for (std::uint32_t i = 0; i < n; ++i) order[i] = i;
  shuffle(order, n, random, offset);
}

// k distinct numbers in 0..n-1, k <= n, every such set equally likely (Floyd: Bentley and Floyd 1987); number
// i depends on value first + i of the stream. `taken` has n flags, all 0 before and after.
inline void choose(std::uint32_t* out, std::uint32_t k, std::uint32_t n, const Philox& random,
                   std::uint64_t first, char* taken) {
  for (std::uint32_t i = 0; i < k; ++i) {
    const std::uint32_t last = n - k + i;
    const std::uint32_t any = below(random.bits(first + i), last + 1);
    out[i] = taken[any] != 0 ? last : any;
    taken[out[i]] = 1;
  }
  for (std::uint32_t i = 0; i < k; ++i) taken[out[i]] = 0;
}

}  // namespace fanin
