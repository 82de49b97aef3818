// The coded columns of a batch, for a first dense layer: gathered column by column, then sorted by bin.
#pragma once

#include <algorithm>
#include <vector>

#include "base/buffer.hpp"
#include "data/coded_rows.hpp"
#include "data/input_map.hpp"
#include "plan/value.hpp"

namespace fanin {

// Whether some layer has the weights of another one; then the first layer reads rows of numbers alone
inline bool share_weights(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& of) { return std::holds_alternative<Tied>(of.kind); });
}

// Whether the first layer reads the codes of these samples; an input layer that made them does not count
inline bool reads_codes(const Samples& x, const std::vector<Layer>& layers) {
  const auto* const rows = std::get_if<CodedRows>(&x);
  if (rows == nullptr || rows->coded.empty() || share_weights(layers)) return false;
  const std::size_t first = InputLayer(layers).codes ? 1 : 0;
  return std::holds_alternative<Dense>(layers[first].kind);
}

template <class T>
class CodedInput {
 public:
  CodedInput(const CodedRows& x, std::size_t most_rows);

  std::size_t columns() const { return places_.size(); }
  std::size_t dense_columns() const { return dense_columns_; }
  std::size_t table_rows() const { return weights_ + columns(); }
  std::size_t weights() const { return weights_; }  // rows of w
  const CodedPlace* places() const { return places_.data(); }
  const T* centre() const { return centre_.data(); }

  // Rows of the batch, from its place in the order, if there is one
  void gather(const CodedRows& x, const std::uint32_t* order, Batch batch, Range rows) const;
  CodedBatch<T> of(Batch batch) const {
    return {places_.data(), columns(), most_rows_, bins_[batch.odd].data(), fractions_[batch.odd].data()};
  }
  // Sorts the rows of some columns by bin; earlier rows first
  void sort(Batch batch, Range columns) const;
  const std::uint32_t* starts() const { return starts_.data(); }
  const std::uint32_t* sorted_rows() const { return rows_.data(); }
  const T* sorted_fractions() const { return sorted_.data(); }

 private:
  std::size_t dense_columns_, most_rows_, weights_ = 0;
  std::vector<CodedColumn> coded_;
  std::vector<CodedPlace> places_;
  Buffer<T> centre_;
  Buffer<std::uint16_t> bins_[2];  // alternate, like the other gathered values
  Buffer<T> fractions_[2], sorted_;
  Buffer<std::uint32_t> rows_, starts_;
};

extern template class CodedInput<float>;
extern template class CodedInput<double>;

}  // namespace fanin
