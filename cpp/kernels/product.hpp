// Products of users' matrices: blocks of the operands are packed into panels inside the loops.
//
// A value of `left` is multiplied with every column and a value of `right` with every row, so packing costs
// little if there are many of both. With few rows, packing `right` would cost as much as the product: then it
// is read in place, by wide tiles.
#pragma once

#include "dense.hpp"
#include "pack.hpp"
#include "tile.hpp"

namespace fanin::FANIN_ISA {
namespace {

// With up to this many rows, about one tile, a value of `right` is used too rarely to pay for packing.
inline constexpr std::size_t kInPlaceRows = 16;

// Packed panels of `right` that the packed rows of `left` meet one after the other: 256 KiB of L2
inline constexpr std::size_t kPanelsAtATime = 4;

template <class T>
FANIN_INLINE void copy_rows(T* out, std::size_t out_step, const T* in, std::size_t in_step, std::size_t rows,
                            std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    __builtin_memcpy(out + i * out_step, in + i * in_step, columns * sizeof(T));
}

// A few panels of a chunk of `right`: the full ones, and a partial one
template <class T>
struct FewPanels {
  Range panels;
  Strip<const T> full, part;
};

// Packs them into `memory`, unless they are already there; full panels may be used in place
template <class T>
FewPanels<T> few_panels(const Product<T>& p, Range chunk, Range panels, bool in_place, bool there,
                        T* memory) {
  constexpr std::size_t P = kPanel<T>;
  const bool all_full = panels.end * P <= p.columns;
  const std::size_t first = in_place ? panels.end - (all_full ? 0 : 1) : panels.begin;
  const std::size_t end = all_full ? panels.end * P : p.columns;
  const Panels<T> packed{memory, chunk.end - chunk.begin, end - first * P};
  if (!there) pack(packed, p.right.from(chunk.begin, first * P), [](Vec<T> v) { return v; });
  const Strip<const T> given{p.right.at(chunk.begin, panels.begin * P),
                             static_cast<std::size_t>(p.right.row_stride), P};
  return {panels, in_place ? given : strip_of(read_only(packed), 0, 0),
          strip_of(read_only(packed), 0, packed.count() - 1)};
}

// The product of at most 64 rows and a few panels, for a chunk of the depth, and the steps after the last
// chunk. Tiles write to the user's rows; only a partial panel passes through `block`.
template <class T>
void multiply_packed(const Product<T>& p, Range chunk, Range rows, const AcrossPanels<T>& left,
                     const FewPanels<T>& right, T* block) {
  constexpr std::size_t P = kPanel<T>;
  const std::size_t count = rows.end - rows.begin, step = static_cast<std::size_t>(p.out_stride);
  const std::size_t begin = right.panels.begin, end = right.panels.end;
  const std::size_t full = end * P <= p.columns ? end : end - 1;  // the end of the full panels
  const bool add = chunk.begin > 0;
  const Range depth{0, chunk.end - chunk.begin};
  const auto activate = p.activation == p.kNone || chunk.end < p.depth
                            ? nullptr
                            : find_activate<T>(Activations{}, p.activation);
  const auto bias_of = [&](std::size_t q) { return p.bias != nullptr ? p.bias + q * P : nullptr; };
  T* const out = p.out + rows.begin * step;

  if (begin < full) {
    product_panels(left, count, depth, right.full, full - begin, Strip<T>{out + begin * P, step, P}, add);
  }
  for (std::size_t q = begin; q < full && activate != nullptr; ++q) {
    activate(out + q * P, nullptr, bias_of(q), count, step, P);
  }
  if (full < end) {
    const std::size_t used = p.columns - full * P, width = padded<T>(used);
    if (add) copy_rows(block, width, out + full * P, step, count, used);
    product_block(left, count, depth, right.part, width, Strip<T>{block, width, 0}, add);
    if (activate != nullptr) activate(block, nullptr, bias_of(full), count, width, used);
    copy_rows(out + full * P, step, block, width, count, used);
  }
}

// Outermost first: many panels of `right`, a chunk of depth, rows of `left`, a few of the panels, blocks of
// rows. Thus a chunk of either operand is packed once. Rows of `left` stay in L2; panels that later rows need
// again wait in L3, and if there are no later rows, they take turns in the same part of L2.
template <class T>
void product(const Product<T>& p, Range panels, Range rows, T* memory) {
  T* const left_memory = memory + p.kPackedPanels * kPanel<T> * kDepth<T>;
  T* const block = left_memory + p.kPackedRows * kDepth<T>;
  const std::size_t all_rows = rows.end - rows.begin;
  const bool in_place = all_rows <= kInPlaceRows && p.right.column_stride == 1 && p.right.row_stride > 0;

  for_each_group(panels, p.kPackedPanels, [&](std::size_t first_panel, std::size_t end_panel) {
    for_each_chunk(p.depth, p.chunk, [&](Range chunk) {
      const std::size_t depth = chunk.end - chunk.begin;
      for_each_group(rows, p.kPackedRows, [&](std::size_t first_row, std::size_t end_row) {
        const Panels<T> left{left_memory, end_row - first_row, depth};
        pack(left, p.left.from(first_row, chunk.begin), [](Vec<T> v) { return flush(v); });

        for_each_group({first_panel, end_panel}, kPanelsAtATime, [&](std::size_t few, std::size_t end_few) {
          const std::size_t place = all_rows > p.kPackedRows ? few - first_panel : 0;
          const FewPanels<T> right = few_panels(p, chunk, {few, end_few}, in_place, first_row > rows.begin,
                                                memory + place * kPanel<T> * depth);
          for_each_group({first_row, end_row}, kRowBlock, [&](std::size_t row, std::size_t end_block) {
            const AcrossPanels<T> left_rows{read_only(left), row - first_row};
            multiply_packed(p, chunk, {row, end_block}, left_rows, right, block);
          });
        });
      });
    });
  });
}

}  // namespace
}  // namespace fanin::FANIN_ISA
