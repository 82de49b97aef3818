// A user's matrix of either precision into panels.
#pragma once

#include <type_traits>

#include "fanin/views.hpp"
#include "registry.hpp"

namespace fanin {

// Row i of the panels is row order[first + i] of the matrix, or row first + i without an order.
template <class T, class S>
void gather_matrix(const MatrixView<const S>& from, const Panels<T>& out, const std::uint32_t* order,
                   std::size_t first, Range rows) {
  const Gather<T, S> g{out, from.data, from.row_stride, from.column_stride, order, first};
  if constexpr (std::is_same_v<S, float>) {
    kernels<T>().gather_float(g, rows);
  } else {
    kernels<T>().gather_double(g, rows);
  }
}

template <class T>
void gather_samples(const Samples& from, const Panels<T>& out, const std::uint32_t* order, std::size_t first,
                    Range rows) {
  std::visit([&](const auto& matrix) { gather_matrix(matrix, out, order, first, rows); }, from);
}

// Labels to `labels`, or rows of targets to `out`
template <class T>
void gather_targets(const Targets& from, std::int32_t* labels, const Panels<T>& out,
                    const std::uint32_t* order, std::size_t first, Range rows) {
  if (const auto* all = std::get_if<std::span<const std::int64_t>>(&from)) {
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      labels[i] = static_cast<std::int32_t>((*all)[order != nullptr ? order[first + i] : first + i]);
    }
  } else if (const auto* floats = std::get_if<MatrixView<const float>>(&from)) {
    gather_matrix(*floats, out, order, first, rows);
  } else {
    gather_matrix(std::get<MatrixView<const double>>(from), out, order, first, rows);
  }
}

inline std::size_t columns_of_targets(const Targets& y) {
  if (const auto* floats = std::get_if<MatrixView<const float>>(&y)) return floats->columns;
  if (const auto* doubles = std::get_if<MatrixView<const double>>(&y)) return doubles->columns;
  return 0;
}

}  // namespace fanin
