#include "plan/coded_input.hpp"

namespace fanin {

template <class T>
CodedInput<T>::CodedInput(const CodedRows& x, std::size_t most_rows)
    : dense_columns_(x.dense_columns),
      most_rows_(most_rows),
      coded_(x.coded.begin(), x.coded.end()),
      centre_(x.centre.size()) {
  std::size_t table = 0;
  for (const CodedColumn& column : coded_) {
    places_.push_back(
        {dense_columns_ + weights_, weights_, table, column.size, column.coding == Coding::piecewise});
    weights_ += column.size;
    table += column.size + 1;
  }
  std::copy(x.centre.begin(), x.centre.end(), centre_.data());
  const std::size_t size = columns() * most_rows;
  for (auto& bins : bins_) bins = Buffer<std::uint16_t>(size);
  for (auto& fractions : fractions_) fractions = Buffer<T>(size);
  rows_ = Buffer<std::uint32_t>(size);
  sorted_ = Buffer<T>(size);
  starts_ = Buffer<std::uint32_t>(table + columns());
}

template <class T>
void CodedInput<T>::gather(const CodedRows& x, const std::uint32_t* order, Batch batch, Range rows) const {
  std::uint16_t* const bins = bins_[batch.odd].data();
  T* const fractions = fractions_[batch.odd].data();
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    const std::size_t row = order != nullptr ? order[batch.first + i] : batch.first + i;
    for (std::size_t c = 0; c < columns(); ++c) {
      const Code code = code_of(x, row, c, coded_[c]);
      bins[c * most_rows_ + i] = static_cast<std::uint16_t>(code.bin);
      fractions[c * most_rows_ + i] = static_cast<T>(code.fraction);
    }
  }
}

template <class T>
void CodedInput<T>::sort(Batch batch, Range columns) const {
  for (std::size_t c = columns.begin; c < columns.end; ++c) {
    const std::size_t size = places_[c].size, first = c * most_rows_;
    const std::uint16_t* const bins = bins_[batch.odd].data() + first;
    const T* const fractions = fractions_[batch.odd].data() + first;
    std::uint32_t *const starts = starts_.data() + places_[c].table + c, *const rows = rows_.data() + first;
    T* const sorted = sorted_.data() + first;
    std::fill_n(starts, size + 2, 0U);
    for (std::size_t i = 0; i < batch.rows; ++i) ++starts[bins[i] + 1U];
    // starts[t + 1] is the count of bin t; from here on where bin t's next row goes, and at last where it
    // ends
    for (std::size_t t = 1; t < size + 2; ++t) starts[t] += starts[t - 1];
    for (std::size_t i = batch.rows; i-- > 0;) {
      const std::uint32_t at = --starts[bins[i] + 1U];
      rows[at] = static_cast<std::uint32_t>(i);
      sorted[at] = fractions[i];
    }
    // now starts[t + 1] is where bin t begins
    std::copy(starts + 1, starts + size + 2, starts);
    starts[size + 1] = static_cast<std::uint32_t>(batch.rows);
  }
}

template class CodedInput<float>;
template class CodedInput<double>;

}  // namespace fanin
