// Products of users' matrices: blocks of the operands are packed into panels inside the loops.
//
// A value of `left` is multiplied with every column and a value of `right` with every row, so packing costs
// little where there are many of both. With few rows packing `right` would cost as much as the product: then
// it is read where it lies, by wide tiles.
#pragma once

#include "dense.hpp"
#include "pack.hpp"
#include "tile.hpp"

namespace fanin::FANIN_ISA {
namespace {

// Up to this many rows, about one tile, a value of `right` is not used often enough to pay for its packing.
inline constexpr std::size_t kInPlaceRows = 16;

// Panels of `right` that are packed, and met by the packed rows of `left`, one after the other: 256 KiB of L2
inline constexpr std::size_t kPanelsAtATime = 4;

template <class T>
FANIN_INLINE void copy_rows(T* out, std::size_t out_step, const T* in, std::size_t in_step, std::size_t rows,
                            std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    __builtin_memcpy(out + i * out_step, in + i * in_step, columns * sizeof(T));
}

// A chunk of the depth of the product of at most 64 rows, packed from `row` on of `left`, and panels of
// `right`, and what follows where it is the last chunk. Tiles write to the user's rows; only a panel whose
// columns do not fill it goes through `block`.
template <class T>
void multiply_packed(const Product<T>& p, Range chunk, Range panels, Range rows, const AcrossPanels<T>& left,
                     Strip<const T> whole_panels, Strip<const T> last_panel, T* block) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t count = rows.end - rows.begin, step = static_cast<std::size_t>(p.out_stride);
  const std::size_t whole = panels.end * P <= p.columns ? panels.end : panels.end - 1;
  const bool add = chunk.begin > 0;
  const Range depth{0, chunk.end - chunk.begin};
  const auto activate = p.activation == p.kNone || chunk.end < p.depth
                            ? nullptr
                            : find_activate<T>(Activations{}, p.activation);
  const auto bias_of = [&](std::size_t q) { return p.bias != nullptr ? p.bias + q * P : nullptr; };
  T* const out = p.out + rows.begin * step;

  if (panels.begin < whole) {
    product_panels(left, count, depth, whole_panels, whole - panels.begin,
                   Strip<T>{out + panels.begin * P, step, P}, add);
  }
  for (std::size_t q = panels.begin; q < whole && activate != nullptr; ++q) {
    activate(out + q * P, nullptr, bias_of(q), count, step, P);
  }
  if (whole < panels.end) {
    const std::size_t used = p.columns - whole * P, width = padded<T>(used);
    if (add) copy_rows(block, width, out + whole * P, step, count, used);
    product_block(left, count, depth, last_panel, width, Strip<T>{block, width, 0}, add);
    if (activate != nullptr) activate(block, nullptr, bias_of(whole), count, width, used);
    copy_rows(out + whole * P, step, block, width, count, used);
  }
}

// Outside in: many panels of `right`, a chunk of depth, rows of `left`, a few of the panels, blocks of rows.
// So a chunk of either operand is packed once. Rows of `left` stay in L2; panels that later rows meet again
// wait in L3, and where there are no later rows, they take their turn in the same part of L2.
template <class T>
void product(const Product<T>& p, Range panels, Range rows, T* memory) {
  constexpr std::size_t P = kPanel<T>;
  T* const left_memory = memory + p.kPackedPanels * P * kDepth<T>;
  T* const block = left_memory + p.kPackedRows * kDepth<T>;
  const std::size_t all_rows = rows.end - rows.begin;
  const bool in_place = all_rows <= kInPlaceRows && p.right.column_stride == 1 && p.right.row_stride > 0;

  for_each_group(panels, p.kPackedPanels, [&](std::size_t first_of_all, std::size_t end_of_all) {
    for_each_chunk<T>(p.depth, [&](Range chunk) {
      const std::size_t depth = chunk.end - chunk.begin;
      for_each_group(rows, p.kPackedRows, [&](std::size_t first_row, std::size_t end_row) {
        const Panels<T> left{left_memory, end_row - first_row, depth};
        pack(left, p.left.from(first_row, chunk.begin), [](Vec<T> v) { return flush(v); });

        for_each_group({first_of_all, end_of_all}, kPanelsAtATime, [&](std::size_t first, std::size_t end) {
          const bool part = end * P > p.columns;
          const std::size_t first_packed = in_place ? end - (part ? 1 : 0) : first;
          const std::size_t last_column = part ? p.columns : end * P;
          const std::size_t place = all_rows > p.kPackedRows ? first - first_of_all : 0;
          const Panels<T> right{memory + place * P * depth, depth, last_column - first_packed * P};
          if (first_row == rows.begin) {
            pack(right, p.right.from(chunk.begin, first_packed * P), [](Vec<T> v) { return v; });
          }
          const Strip<const T> whole_panels =
              in_place ? Strip<const T>{p.right.at(chunk.begin, first * P),
                                        static_cast<std::size_t>(p.right.row_stride), P}
                       : strip_of(read_only(right), 0, 0);
          const Strip<const T> last_panel = strip_of(read_only(right), 0, right.count() - 1);
          for_each_group({first_row, end_row}, kRowBlock, [&](std::size_t row, std::size_t end_block) {
            multiply_packed(p, chunk, {first, end}, {row, end_block},
                            AcrossPanels<T>{read_only(left), row - first_row}, whole_panels, last_panel,
                            block);
          });
        });
      });
    });
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
