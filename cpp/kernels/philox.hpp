// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2,
// 3). src/base/random.hpp has a version for single numbers.
#pragma once

#include "simd.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Consecutive blocks of Philox, one per 64-bit lane; only the lower halves count
struct RandomBlocks {
  Counters c[4];
};

// The blocks of a stream. The keys of all rounds are in memory: broadcasting them takes the units that
// multiply.
class RandomStream {
 public:
  RandomStream(const std::uint32_t* counter, const std::uint32_t* key) : counter_(counter) {
    std::uint32_t k0 = key[0], k1 = key[1];
    for (auto& keys : keys_) {
      keys[0] = Counters{} + k0;
      keys[1] = Counters{} + k1;
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
  }

  // Blocks of these numbers, which have 32 bits
  FANIN_INLINE RandomBlocks blocks(Counters number) const {
    const Counters none{};
    RandomBlocks r{{number, none + counter_[0], none + counter_[1], none + counter_[2]}};
#pragma GCC unroll 10
    for (int round = 0; round < kRounds; ++round) {
      const Counters p0 = multiply_low_halves(r.c[0], none + std::uint64_t{0xD2511F53});
      const Counters p1 = multiply_low_halves(r.c[2], none + std::uint64_t{0xCD9E8D57});
      r = {{(p1 >> 32) ^ r.c[1] ^ keys_[round][0], p1, (p0 >> 32) ^ r.c[3] ^ keys_[round][1], p0}};
    }
    return r;
  }

 private:
  static constexpr int kRounds = 10;
  const std::uint32_t* counter_;
  Counters keys_[kRounds][2];
};

// out[i] = the first 64 bits of block `first` + i; block numbers have 32 bits
inline void random_bits(std::uint64_t* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                        const std::uint32_t* key) {
  constexpr std::size_t lanes = kVectorBytes / 8;
  const RandomStream random(counter, key);
  for (std::size_t i = 0; i < n; i += lanes) {
    Counters number;
    for (std::size_t lane = 0; lane < lanes; ++lane) number[lane] = first + i + lane;
    const RandomBlocks r = random.blocks(number & 0xFFFFFFFF);
    const Counters bits = (r.c[0] & 0xFFFFFFFF) | r.c[1] << 32;
    for (std::size_t lane = 0; lane < lanes && i + lane < n; ++lane) out[i + lane] = bits[lane];
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
