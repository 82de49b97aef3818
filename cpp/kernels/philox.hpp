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

FANIN_INLINE RandomBlocks random_blocks(Counters number, const std::uint32_t* counter,
                                        const std::uint32_t* key) {
  RandomBlocks r{{number, number & 0, number & 0, number & 0}};
  for (int i = 0; i < 3; ++i) r.c[i + 1] += counter[i];
  std::uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const Counters p0 = multiply_low_halves(r.c[0], r.c[0] * 0 + std::uint64_t{0xD2511F53});
    const Counters p1 = multiply_low_halves(r.c[2], r.c[0] * 0 + std::uint64_t{0xCD9E8D57});
    r = {{(p1 >> 32) ^ r.c[1] ^ std::uint64_t{k0}, p1, (p0 >> 32) ^ r.c[3] ^ std::uint64_t{k1}, p0}};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return r;
}

// out[i] = the first 64 bits of block `first` + i; block numbers have 32 bits
inline void random_bits(std::uint64_t* out, std::uint32_t first, std::size_t n, const std::uint32_t* counter,
                        const std::uint32_t* key) {
  constexpr std::size_t lanes = kVectorBytes / 8;
  for (std::size_t i = 0; i < n; i += lanes) {
    Counters number;
    for (std::size_t lane = 0; lane < lanes; ++lane) number[lane] = first + i + lane;
    const RandomBlocks r = random_blocks(number & 0xFFFFFFFF, counter, key);
    const Counters bits = (r.c[0] & 0xFFFFFFFF) | r.c[1] << 32;
    for (std::size_t lane = 0; lane < lanes && i + lane < n; ++lane) out[i + lane] = bits[lane];
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
