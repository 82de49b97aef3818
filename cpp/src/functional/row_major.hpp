// What the free functions on row-major arrays share: checks, memory, and the way into panels and out of them.
#pragma once

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "data/checks.hpp"
#include "data/gather.hpp"
#include "fanin/error.hpp"
#include "fanin/functional.hpp"
#include "team/scratch.hpp"
#include "team/team.hpp"

namespace fanin {

template <class T>
std::size_t panel_size(std::size_t rows, std::size_t columns) {
  return Panels<T>{nullptr, rows, columns}.size();
}

// f(rows) for this thread's part of the rows
template <class F>
void for_rows(Member member, std::size_t rows, F&& f) {
  const Range share = Share(member.thread, member.threads, 1).take(rows, 1);
  if (share.begin < share.end) f(share);
}

// rows of panels [begin, end) to a user's matrix
template <class T>
void scatter(const Panels<T>& from, MatrixView<T> to, Range panels, Range rows) {
  for (std::size_t p = panels.begin; p < panels.end; ++p) {
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      T* out = to.data + static_cast<std::ptrdiff_t>(i) * to.row_stride + p * kPanel<T>;
      std::copy_n(from.at(i, p), from.used(p), out);
    }
  }
}

template <class T>
void check_shape(const char* name, const MatrixView<T>& m, std::size_t rows, std::size_t columns) {
  if (m.rows == rows && m.columns == columns) return;
  throw ValueError(std::string(name) + ": expected shape " + shape_text(rows, columns) + ", got " +
                   shape_text(m.rows, m.columns));
}

template <class T>
void check_output(const char* name, const MatrixView<T>& m, std::size_t rows, std::size_t columns) {
  check_shape(name, m, rows, columns);
  if (m.rows == 0 || m.columns == 0) return;
  const bool columns_lie_apart = m.columns > 1 && m.column_stride != 1;
  if (columns_lie_apart || (m.rows > 1 && m.row_stride < static_cast<std::ptrdiff_t>(m.columns))) {
    throw ValueError(std::string(name) +
                     ": expected rows that do not overlap, with columns next to each other");
  }
}

inline void check_size(const char* name, std::size_t got, std::size_t expected) {
  if (got == expected) return;
  throw ValueError(std::string(name) + ": expected " + std::to_string(expected) + " elements, got " +
                   std::to_string(got));
}

}  // namespace fanin
