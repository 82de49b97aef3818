// The rows of a batch as sums of rows of the first layer's weights, and the same row of weights by row.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.hpp"
#include "data/id_columns.hpp"
#include "data/sparse_rows.hpp"
#include "fanin/network.hpp"
#include "plan/value.hpp"

namespace fanin {

// Whether the first layer reads rows of its weights for these samples: for whole numbers always, for sparse
// rows if few values are not 0
bool reads_rows(const Samples& x, const std::vector<Layer>& layers);

// Sparse rows in order: columns ascend, and none is there twice. Borrowed if they are so already.
class OrderedRows {
 public:
  OrderedRows(const SparseRows& x, bool is_float);
  OrderedRows(const OrderedRows&) = delete;
  OrderedRows& operator=(const OrderedRows&) = delete;
  const SparseRows& rows() const { return rows_; }

 private:
  template <class T>
  void put_in_order(const SparseRows& x, std::vector<T>& values);

  SparseRows rows_;
  std::vector<std::int64_t> starts_, columns_;
  std::vector<float> floats_;
  std::vector<double> doubles_;
};

template <class T>
class SparseInput {
 public:
  // For batches of at most `most_rows`; `groups` if they will be grouped. Sparse rows may be in order
  // already.
  SparseInput(const Samples& x, const std::vector<Layer>& layers, std::size_t most_rows, bool groups,
              std::shared_ptr<const OrderedRows> ordered = {});

  std::size_t weights() const { return weights_; }  // rows of w
  // Sums for each row of a batch: one, or one for each column of whole numbers
  std::size_t sums() const { return sums_; }
  double entries_of_row() const { return entries_of_row_; }  // on average

  // Rows of the batch, from its place in the order, if there is one
  void gather(const std::uint32_t* order, Batch batch, Range rows) const {
    ordered_ != nullptr ? gather_sparse(order, batch, rows) : gather_dense(order, batch, rows);
  }
  SparseBatch<T> of(Batch batch) const {
    const auto& b = batches_[batch.odd];
    return {b.starts.data(), b.ends.data(), b.columns.data(), b.values.data()};
  }
  // Leaves a row without entries
  void clear(Batch batch, std::size_t row) const;
  void group(Batch batch, Range buckets) const;
  SparseGroups<T> groups() const {
    return {first_.data(), counts_.data(), row_of_group_.data(), begins_.data(),
            ends_.data(),  rows_.data(),   values_.data()};
  }

 private:
  static constexpr std::size_t kBuckets = SparseGroups<T>::kBuckets;

  struct Gathered {
    Buffer<std::size_t> starts, ends;
    Buffer<std::uint32_t> columns;
    Buffer<T> values;
  };
  void allocate(std::size_t most_rows, bool groups);
  std::size_t most_entries(std::size_t rows);
  void gather_sparse(const std::uint32_t* order, Batch batch, Range rows) const;
  void gather_dense(const std::uint32_t* order, Batch batch, Range rows) const;
  void group_bucket(std::size_t bucket, Range entries) const;

  const Samples& x_;
  std::shared_ptr<const OrderedRows> ordered_;
  std::optional<IdColumns> ids_;
  std::size_t weights_, sums_ = 1, capacity_ = 0;
  double entries_of_row_ = 0;
  Gathered batches_[2];  // alternate, like the other gathered values; in prediction, only the first is used
  // By bucket: where its groups and entries begin, and how many groups there are. Entries first in the order
  // of the batch, then by group.
  Buffer<std::size_t> first_, counts_, begins_, ends_;
  Buffer<std::uint32_t> row_of_group_, rows_, unsorted_columns_, unsorted_rows_, group_of_entry_, table_;
  Buffer<T> values_, unsorted_values_;
};

extern template class SparseInput<float>;
extern template class SparseInput<double>;

}  // namespace fanin
