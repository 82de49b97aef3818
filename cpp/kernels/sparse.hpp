// What the kernels of sparse rows take.
#pragma once

#include "applied.hpp"
#include "panels.hpp"

namespace fanin {

// Rows of a batch as sums of rows of w. Row i has the entries starts[i] to ends[i]: values[k] times row
// columns[k] of w, in ascending order of columns.
template <class T>
struct SparseBatch {
  const std::size_t *starts = nullptr, *ends = nullptr;  // null: there are no sparse columns
  const std::uint32_t* columns = nullptr;
  const T* values = nullptr;
};

// The entries of a batch by the row of w that they meet. Bucket b has counts[b] such rows, from first[b] on.
// Row g is columns[g] of w, met by the entries begins[g] to ends[g], in the order of the batch.
template <class T>
struct SparseGroups {
  static constexpr std::size_t kBuckets = 64;

  const std::size_t *first = nullptr, *counts = nullptr;
  const std::uint32_t* columns = nullptr;
  const std::size_t *begins = nullptr, *ends = nullptr;
  const std::uint32_t* rows = nullptr;  // of the batch
  const T* values = nullptr;
};

// What a row of w has missed since its last update, because its gradients were 0: for a weight w, its average
// a, its slots, and l, the slot that moves it,
//   a <- average a + average_weight w + l (average_plain + average_series(e) / D)
//   w <- weight w + l (plain + series(e) / D)
//   slot <- keep slot
// where D = scale d + epsilon, with d the slot that divides or its root, and e = epsilon / D.
template <class T>
struct Missed {
  static constexpr int kTerms = 8, kSlots = 4;

  T weight = 1, plain = 0, scale = 0, epsilon = 0;
  T series[kTerms] = {};
  T keep[kSlots] = {};
  T average = 1, average_weight = 0, average_plain = 0;
  T average_series[kTerms] = {};
};

// The array of weights that has missed steps, its slots, and its average, which may be null
template <class T>
struct MissedBy {
  Panels<T> weights;
  T *slots, *average;
  std::size_t slot_stride;
  int slot_count;
  int moved_by, divided_by;  // places of slots, or -1
  bool root;
};

}  // namespace fanin
