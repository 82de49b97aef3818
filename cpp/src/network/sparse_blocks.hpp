// Sparse rows and whole numbers in prediction: blocks of rows that the first layer reads as sums of rows of
// its weights.
#pragma once

#include <memory>
#include <vector>

#include "network/model.hpp"
#include "plan/sparse_input.hpp"

namespace fanin {

template <class T>
class SparseBlocks {
 public:
  // Each of the threads has one block at a time.
  SparseBlocks(const std::vector<Layer>& layers, const Samples& x, std::size_t block_rows, int threads) {
    if (threads == 0) return;
    const auto* const rows = std::get_if<SparseRows>(&x);
    std::shared_ptr<const OrderedRows> ordered;
    if (rows != nullptr) ordered = std::make_shared<OrderedRows>(*rows, sizeof(T) == sizeof(float));
    inputs_.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) {
      inputs_.emplace_back(x, layers, block_rows, false, ordered);
    }
  }

  void gather(int thread, const std::uint32_t* order, Range rows) const {
    const Batch block{0, rows.begin, rows.end - rows.begin};
    inputs_[static_cast<std::size_t>(thread)].gather(order, block, {0, block.rows});
  }
  SparseBatch<T> of(int thread) const { return inputs_[static_cast<std::size_t>(thread)].of({}); }

 private:
  std::vector<SparseInput<T>> inputs_;
};

}  // namespace fanin
