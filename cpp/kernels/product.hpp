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

template <class T>
FANIN_INLINE void copy_rows(T* out, std::size_t out_step, const T* in, std::size_t in_step, std::size_t rows,
                            std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    __builtin_memcpy(out + i * out_step, in + i * in_step, columns * sizeof(T));
}

// Outside in: a group of panels of `right`, a chunk of depth, blocks of rows. Tiles write to the user's rows;
// only the last panel, where its columns do not fill it, goes through a block of its own.
template <class T>
void product(const Product<T>& p, Range panels, Range rows, T* memory) {
  constexpr std::size_t P = kPanel<T>;
  T* const left_memory = memory + kPanelGroup * P * kDepth<T>;
  T* const block = left_memory + kRowBlock * kDepth<T>;
  const std::size_t step = static_cast<std::size_t>(p.out_stride);
  const bool in_place =
      rows.end - rows.begin <= kInPlaceRows && p.right.column_stride == 1 && p.right.row_stride > 0;
  const auto activate = p.activation == p.kNone ? nullptr : find_activate<T>(Activations{}, p.activation);

  for_each_group(panels, kPanelGroup, [&](std::size_t first, std::size_t end) {
    const std::size_t whole = end * P <= p.columns ? end : end - 1;  // panels before this one are full
    const std::size_t last_column = whole < end ? p.columns : end * P;
    const std::size_t first_packed = in_place ? whole : first;
    for_each_chunk<T>(p.depth, [&](Range chunk) {
      const std::size_t depth = chunk.end - chunk.begin;
      const bool add = chunk.begin > 0, finished = chunk.end == p.depth;
      const Panels<T> right{memory, depth, last_column - first_packed * P};
      pack(right, p.right.from(chunk.begin, first_packed * P), [](Vec<T> v) { return v; });

      for_each_group(rows, kRowBlock, [&](std::size_t row, std::size_t end_row) {
        const std::size_t count = end_row - row;
        const Panels<T> packed_left{left_memory, count, depth};
        pack(packed_left, p.left.from(row, chunk.begin), [](Vec<T> v) { return flush(v); });
        const AcrossPanels<T> left{read_only(packed_left), 0};
        T* const out = p.out + row * step;

        if (first < whole) {
          const Strip<const T> columns = in_place
                                             ? Strip<const T>{p.right.at(chunk.begin, first * P),
                                                              static_cast<std::size_t>(p.right.row_stride), P}
                                             : strip_of(read_only(right), 0, 0);
          product_panels(left, count, {0, depth}, columns, whole - first, Strip<T>{out + first * P, step, P},
                         add);
        }
        for (std::size_t q = first; q < whole && finished && activate != nullptr; ++q) {
          activate(out + q * P, nullptr, p.bias != nullptr ? p.bias + q * P : nullptr, count, step, P);
        }
        if (whole < end) {
          const std::size_t used = p.columns - whole * P, width = padded<T>(used);
          if (add) copy_rows(block, width, out + whole * P, step, count, used);
          product_block(left, count, {0, depth}, strip_of(read_only(right), 0, right.count() - 1), width,
                        Strip<T>{block, width, 0}, add);
          if (finished && activate != nullptr) {
            activate(block, nullptr, p.bias != nullptr ? p.bias + whole * P : nullptr, count, width, used);
          }
          copy_rows(out + whole * P, step, block, width, count, used);
        }
      });
    });
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
