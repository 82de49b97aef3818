#include "plan/sparse_input.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "base/floating_point.hpp"
#include "base/text.hpp"
#include "data/gather.hpp"
#include "fanin/error.hpp"
#include "plan/coded_input.hpp"

namespace fanin {
namespace {

// A dense product takes as long as a sparse one if about one value in eight is not 0.
constexpr double kMostDense = 1.0 / 8;

// Spreads rows of weights over buckets and the places of a table, whatever their numbers have in common
constexpr std::uint32_t spread(std::uint32_t column) { return column * 0x9e3779b1U; }
constexpr std::size_t bucket_of(std::uint32_t column) { return spread(column) >> 26; }
static_assert(SparseGroups<float>::kBuckets == 1U << (32 - 26));

std::size_t row_length_of(const SparseRows& x, std::size_t row) {
  return std::visit(
      [&](const auto& starts) {
        const Range all = elements_of_row(starts, row, x.values.columns);
        return all.end - all.begin;
      },
      x.row_starts);
}

bool in_order(const SparseRows& x) {
  return std::visit(
      [&](const auto& columns, const auto& starts) {
        for (std::size_t row = 0; row < x.rows; ++row) {
          const Range all = elements_of_row(starts, row, columns.size());
          for (std::size_t k = all.begin + 1; k < all.end; ++k) {
            if (columns[k - 1] >= columns[k]) return false;
          }
        }
        return true;
      },
      x.column_numbers, x.row_starts);
}

}  // namespace

bool reads_rows(const Samples& x, const std::vector<Layer>& layers) {
  if (std::holds_alternative<Embedding>(layers[0].kind)) return true;
  const auto* const rows = std::get_if<SparseRows>(&x);
  if (rows == nullptr || !std::holds_alternative<Dense>(layers[0].kind) || share_weights(layers))
    return false;
  if (rows->columns > std::numeric_limits<std::uint32_t>::max()) return false;
  const double all = static_cast<double>(rows->rows) * static_cast<double>(rows->columns);
  return static_cast<double>(rows->values.columns) < kMostDense * all;
}

OrderedRows::OrderedRows(const SparseRows& x, bool is_float) : rows_(x) {
  if (!in_order(x)) is_float ? put_in_order(x, floats_) : put_in_order(x, doubles_);
}

// Values at the same place are added up in T, in the order in which they come.
template <class T>
void OrderedRows::put_in_order(const SparseRows& x, std::vector<T>& values) {
  std::vector<std::pair<std::int64_t, T>> of_row;
  starts_.push_back(0);
  for (std::size_t row = 0; row < x.rows; ++row) {
    of_row.clear();
    for_each_value<T>(x, row, [&](std::size_t column, T value) {
      of_row.emplace_back(static_cast<std::int64_t>(column), value);
    });
    std::stable_sort(of_row.begin(), of_row.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (const auto& [column, value] : of_row) {
      if (columns_.size() > static_cast<std::size_t>(starts_.back()) && columns_.back() == column) {
        values.back() = without_denormals(values.back() + value);
      } else {
        columns_.push_back(column);
        values.push_back(without_denormals(value));
      }
    }
    starts_.push_back(static_cast<std::int64_t>(columns_.size()));
  }
  rows_.values = numbers(row_major<const T>(values.data(), 1, values.size()));
  rows_.column_numbers = std::span<const std::int64_t>(columns_);
  rows_.row_starts = std::span<const std::int64_t>(starts_);
}

template <class T>
SparseInput<T>::SparseInput(const Samples& x, const std::vector<Layer>& layers, std::size_t most_rows,
                            bool groups, std::shared_ptr<const OrderedRows> ordered)
    : x_(x), ordered_(std::move(ordered)), weights_(columns_of(x)) {
  if (const auto* const embedding = std::get_if<Embedding>(&layers[0].kind)) {
    ids_.emplace(*embedding);
    weights_ = ids_->rows();
    if (!ids_->bags) sums_ = columns_of(x);
  }
  if (const auto* const rows = std::get_if<SparseRows>(&x); rows != nullptr && ordered_ == nullptr) {
    ordered_ = std::make_shared<OrderedRows>(*rows, sizeof(T) == sizeof(float));
  }
  allocate(most_rows, groups);
}

template <class T>
void SparseInput<T>::allocate(std::size_t most_rows, bool groups) {
  const std::size_t rows = most_rows * sums_;
  capacity_ = most_entries(most_rows);
  for (Gathered& b : std::span(batches_, groups ? 2 : 1)) {
    b.starts = Buffer<std::size_t>(rows);
    b.ends = Buffer<std::size_t>(rows);
    b.columns = Buffer<std::uint32_t>(capacity_, Cleared::no);
    b.values = Buffer<T>(capacity_, Cleared::no);
  }
  if (!groups) return;
  first_ = Buffer<std::size_t>(kBuckets);
  counts_ = Buffer<std::size_t>(kBuckets);
  for (auto* const buffer : {&begins_, &ends_}) *buffer = Buffer<std::size_t>(capacity_, Cleared::no);
  for (auto* const buffer : {&row_of_group_, &rows_, &unsorted_columns_, &unsorted_rows_, &group_of_entry_}) {
    *buffer = Buffer<std::uint32_t>(capacity_, Cleared::no);
  }
  table_ = Buffer<std::uint32_t>(4 * capacity_, Cleared::no);
  for (auto* const buffer : {&values_, &unsorted_values_}) *buffer = Buffer<T>(capacity_, Cleared::no);
}

// In so many rows, whichever they are: an order may have the longest row many times, but no batch is made of
// it.
template <class T>
std::size_t SparseInput<T>::most_entries(std::size_t rows) {
  constexpr std::size_t few = std::size_t{1} << 24;
  if (ordered_ == nullptr) {
    const std::size_t of_row = ids_->bags ? columns_of(x_) : sums_;
    entries_of_row_ = static_cast<double>(of_row);
    return rows * of_row;
  }
  const SparseRows& x = ordered_->rows();
  std::vector<std::size_t> lengths(x.rows);
  for (std::size_t row = 0; row < x.rows; ++row) lengths[row] = row_length_of(x, row);
  entries_of_row_ = static_cast<double>(x.values.columns) / std::max(1.0, static_cast<double>(x.rows));
  if (lengths.empty()) return 0;
  const std::size_t longest = *std::max_element(lengths.begin(), lengths.end());
  if (rows * longest <= few) return rows * longest;
  const auto end = lengths.begin() + static_cast<std::ptrdiff_t>(std::min(rows, x.rows));
  std::nth_element(lengths.begin(), end, lengths.end(), std::greater<>());
  std::size_t sum = 0;
  for (auto length = lengths.begin(); length != end; ++length) sum += *length;
  return std::min(rows * longest, std::max(few, 2 * sum));
}

// A call computes where the entries of its rows begin: others may gather the rows before at the same time.
// Row starts and columns may have changed since; whatever they are, entries stay within the memory, and
// columns ascend.
template <class T>
void SparseInput<T>::gather_sparse(const std::uint32_t* order, Batch batch, Range rows) const {
  const auto row_of = [&](std::size_t i) {
    return order != nullptr ? order[batch.first + i] : batch.first + i;
  };
  const SparseRows& x = ordered_->rows();
  const Gathered& to = batches_[batch.odd];
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows.begin; ++i) at += row_length_of(x, row_of(i));
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const std::size_t next = at + row_length_of(x, row_of(i));
    at = std::min(at, capacity_);
    to.starts.data()[i] = at;
    std::size_t least = 0;
    for_each_value<T>(x, row_of(i), [&](std::size_t column, T value) {
      value = without_denormals(value);
      if (value == 0 || column < least || at == capacity_) return;
      least = column + 1;
      to.columns.data()[at] = static_cast<std::uint32_t>(column);
      to.values.data()[at++] = value;
    });
    to.ends.data()[i] = at;
    at = next;
  }
}

template <class T>
void SparseInput<T>::clear(Batch batch, std::size_t row) const {
  const Gathered& of = batches_[batch.odd];
  for (std::size_t i = row * sums_; i < (row + 1) * sums_; ++i) of.ends.data()[i] = of.starts.data()[i];
}

// Whole numbers, or values of all columns
template <class T>
void SparseInput<T>::gather_dense(const std::uint32_t* order, Batch batch, Range rows) const {
  constexpr std::size_t most = 64;
  const Gathered& to = batches_[batch.odd];
  const std::size_t columns = columns_of(x_), of_row = ids_->bags ? columns : sums_;
  double values[most];
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const std::size_t row = order != nullptr ? order[batch.first + i] : batch.first + i;
    std::size_t at = i * of_row;
    if (ids_->bags) to.starts.data()[i] = at;
    for (std::size_t begin = 0; begin < columns; begin += most) {
      const Range some{begin, std::min(columns, begin + most)};
      convert_values(values, x_, row, some);
      for (std::size_t c = begin; c < some.end; ++c) {
        const double value = values[c - begin];
        if (ids_->bags) {
          to.columns.data()[at] = static_cast<std::uint32_t>(c);
          to.values.data()[at] = without_denormals(static_cast<T>(value));
          at += value != 0 ? 1 : 0;
        } else {
          // numbers may have changed since they were checked: one that names no row becomes 0
          const bool exists = value >= 0 && value < static_cast<double>(ids_->size(c));
          to.starts.data()[at] = at;
          to.columns.data()[at] =
              static_cast<std::uint32_t>(ids_->first(c) + (exists ? static_cast<std::size_t>(value) : 0));
          to.values.data()[at] = 1;
          to.ends.data()[at] = at + 1;
          ++at;
        }
      }
    }
    if (ids_->bags) to.ends.data()[i] = at;
  }
}

template <class T>
void SparseInput<T>::group(Batch batch, Range buckets) const {
  const SparseBatch<T> from = of(batch);
  const std::size_t rows = batch.rows * sums_;
  std::size_t next[kBuckets + 1] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = from.starts[i]; k < from.ends[i]; ++k) ++next[bucket_of(from.columns[k]) + 1];
  }
  for (std::size_t b = 0; b < kBuckets; ++b) next[b + 1] += next[b];
  for (std::size_t b = buckets.begin; b < buckets.end; ++b) first_.data()[b] = next[b];
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = from.starts[i]; k < from.ends[i]; ++k) {
      const std::size_t b = bucket_of(from.columns[k]);
      if (b < buckets.begin || b >= buckets.end) continue;
      const std::size_t at = next[b]++;
      unsorted_columns_.data()[at] = from.columns[k];
      unsorted_rows_.data()[at] = static_cast<std::uint32_t>(i);
      unsorted_values_.data()[at] = from.values[k];
    }
  }
  for (std::size_t b = buckets.begin; b < buckets.end; ++b) group_bucket(b, {first_.data()[b], next[b]});
}

// Numbers the different columns in the order in which they come, by a hash table, then sorts entries by
// number
template <class T>
void SparseInput<T>::group_bucket(std::size_t bucket, Range entries) const {
  std::size_t places = 4;
  int bits = 2;
  for (; places < 2 * (entries.end - entries.begin); ++bits) places *= 2;
  std::uint32_t* const table = table_.data() + 4 * entries.begin;
  std::fill_n(table, entries.end > entries.begin ? places : 0, 0U);
  std::size_t count = 0;
  for (std::size_t k = entries.begin; k < entries.end; ++k) {
    const std::uint32_t column = unsorted_columns_.data()[k];
    std::size_t place = (spread(column) << 6) >> (32 - bits);  // the first bits are the bucket's
    while (table[place] != 0 && row_of_group_.data()[entries.begin + table[place] - 1] != column) {
      place = (place + 1) & (places - 1);
    }
    if (table[place] == 0) {
      row_of_group_.data()[entries.begin + count] = column;
      ends_.data()[entries.begin + count] = 0;
      table[place] = static_cast<std::uint32_t>(++count);
    }
    group_of_entry_.data()[k] = table[place] - 1;
    ++ends_.data()[entries.begin + table[place] - 1];
  }
  counts_.data()[bucket] = count;
  std::size_t at = entries.begin;
  for (std::size_t g = entries.begin; g < entries.begin + count; ++g) {
    begins_.data()[g] = at;
    at += ends_.data()[g];
    ends_.data()[g] = begins_.data()[g];
  }
  for (std::size_t k = entries.begin; k < entries.end; ++k) {
    const std::size_t to = ends_.data()[entries.begin + group_of_entry_.data()[k]]++;
    rows_.data()[to] = unsorted_rows_.data()[k];
    values_.data()[to] = unsorted_values_.data()[k];
  }
}

template class SparseInput<float>;
template class SparseInput<double>;

}  // namespace fanin
