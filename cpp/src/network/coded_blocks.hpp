// Coded rows in prediction: blocks of rows that the first dense layer reads by a table of its weights.
#pragma once

#include <vector>

#include "base/registry.hpp"
#include "network/model.hpp"
#include "plan/coded_input.hpp"
#include "plan/flow.hpp"

namespace fanin {

template <class T>
class CodedBlocks {
 public:
  // Of no columns unless these are coded rows that the first layer reads; each of the threads has one block
  // at a time
  CodedBlocks(const Nodes<T>& nodes, const std::vector<Layer>& layers, const T* parameters, const Samples& x,
              std::size_t block_rows, int threads)
      : x_(reads_codes(x, layers) ? &std::get<CodedRows>(x) : nullptr) {
    if (x_ == nullptr) return;
    for (int i = 0; i < threads; ++i) inputs_.emplace_back(*x_, block_rows);
    const CodedInput<T>& input = inputs_.front();
    const ParameterArray& weights = nodes.table.trained.front();
    const Panels<T> table{nullptr, input.table_rows(), weights.columns},
        constants{nullptr, input.columns(), weights.columns};
    memory_ = Buffer<T>(table.size() + constants.size());
    tables_ = {{memory_.data(), table.rows, table.columns},
               {memory_.data() + table.size(), constants.rows, constants.columns},
               input.centre()};
    kernels<T>().coded_tables(tables_, input.places(),
                              {parameters + weights.offset, weights.rows, weights.columns},
                              {0, table.count()}, {0, input.columns()});
  }

  bool exist() const { return x_ != nullptr; }
  std::size_t dense_columns() const { return inputs_.front().dense_columns(); }
  MatrixView<const float> dense() const { return row_major(x_->dense.data(), x_->rows, x_->dense_columns); }

  void gather(int thread, const std::uint32_t* order, Range rows) const {
    const Batch block{0, rows.begin, rows.end - rows.begin};
    inputs_[static_cast<std::size_t>(thread)].gather(*x_, order, block, {0, block.rows});
  }
  FlowCodes<T> of(int thread) const {
    return {inputs_[static_cast<std::size_t>(thread)].of({}), read_only(tables_.table),
            read_only(tables_.constants)};
  }

 private:
  const CodedRows* x_;
  std::vector<CodedInput<T>> inputs_;
  Buffer<T> memory_;
  CodedTables<T> tables_{};
};

}  // namespace fanin
