// Inverted dropout (Srivastava et al. 2014): an element x becomes 0 with probability p, and otherwise
// x / (1 - p). Random numbers are counter-based, given by seed, layer, epoch, step, row and column, so that
// the work can be split anywhere.
#pragma once

#include "for_each.hpp"
#include "philox.hpp"
#include "table.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Scaled x where its bit is set, otherwise 0; `first` is the position of the vector in a row of a panel
template <class T>
FANIN_INLINE Vec<T> masked(Vec<T> x, std::uint32_t bits, std::size_t first, Vec<T> scale) {
  using Bits = typename Vec<T>::Bits;
  using Integer = typename Vec<T>::Integer;
  Bits own;
  for (int i = 0; i < Vec<T>::width; ++i) own[i] = Integer{1} << i;
  const Bits surviving = broadcast_bits<Vec<T>>(static_cast<Integer>(bits >> first)) & own;
  return select(surviving == own, x * scale, Vec<T>(0.0));
}

// Applies the mask to rows of one panel, of `width` columns, in place
template <class T>
void mask_rows(T* x, const DropoutMask<T>& mask, const std::uint8_t* bits, std::size_t rows,
               std::size_t width) {
  if (bits == nullptr) return;
  const Vec<T> scale(static_cast<double>(mask.scale));
  for (std::size_t i = 0; i < rows; ++i, x += width, bits += DropoutMask<T>::kBytes) {
    std::uint32_t of_row = 0;
    __builtin_memcpy(&of_row, bits, DropoutMask<T>::kBytes);
    for (std::size_t j = 0; j < width; j += Vec<T>::width) {
      masked(Vec<T>::load(x + j), of_row, j, scale).store(x + j);
    }
  }
}

// For each lane, a bit for each 16-bit number of its block, set if the number is at least `dropped`
FANIN_INLINE Counters mask_bits(const RandomBlocks& r, std::uint32_t dropped) {
  typedef std::uint16_t Numbers __attribute__((vector_size(kVectorBytes)));
  const Numbers limit = static_cast<std::uint16_t>(dropped) - Numbers{};
  const auto first = reinterpret_cast<Numbers>((r.c[0] & 0xFFFFFFFF) | r.c[1] << 32),
             second = reinterpret_cast<Numbers>((r.c[2] & 0xFFFFFFFF) | r.c[3] << 32);
  const Counters four = 0x0008000400020001 - Counters{};
  Counters bits = reinterpret_cast<Counters>(first >= limit) & four;
  bits |= reinterpret_cast<Counters>(second >= limit) & (four << 4);
  bits |= bits >> 32;
  return (bits | bits >> 16) & 0xFF;
}

// The mask of rows [begin, end) of one panel, row by row
template <class T>
void draw_kept(std::uint8_t* bits, const Drop<T>& d, std::size_t p, Range rows) {
  constexpr std::size_t of_row = DropoutMask<T>::kBytes, lanes = kVectorBytes / 8;
  typedef std::uint8_t Bytes __attribute__((vector_size(lanes)));
  const std::size_t blocks_a_row = (d.x.columns + 7) / 8, n = (rows.end - rows.begin) * of_row;
  const RandomStream random(d.counter, d.key);
  Counters first;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    first[lane] = (d.first_row + rows.begin + lane / of_row) * blocks_a_row + p * of_row + lane % of_row;
  }
  for (std::size_t i = 0; i < n; i += lanes) {
    const Counters number = first + (i / of_row * blocks_a_row + i % of_row);
    const Counters surviving = mask_bits(random.blocks(number), d.dropped);
    const auto bytes = __builtin_convertvector(surviving, Bytes);
    __builtin_memcpy(bits + i, &bytes, n - i < lanes ? n - i : lanes);
  }
}

template <class T>
void drop(const Drop<T>& d, Range panels, Range rows) {
  std::uint8_t unkept[kRowBlock * DropoutMask<T>::kBytes];
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    const std::size_t width = d.x.width(p);
    for (std::size_t row = rows.begin; row < rows.end; row += kRowBlock) {
      const std::size_t end = row + kRowBlock < rows.end ? row + kRowBlock : rows.end;
      std::uint8_t* const bits = d.mask.bits != nullptr ? d.mask.at(row, p, d.x.rows) : unkept;
      draw_kept(bits, d, p, {row, end});
      T* const out = d.out.at(row, p);
      const T* const x = d.x.at(row, p);
      if (out != x) __builtin_memcpy(out, x, (end - row) * width * sizeof(T));
      mask_rows(out, d.mask, bits, end - row, width);
    }
  }
}

}  // namespace
}  // namespace fanin::FANIN_ISA
