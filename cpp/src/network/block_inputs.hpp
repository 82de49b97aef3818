// What the blocks of a prediction begin with: rows of X, gathered into panels, or as sparse or coded rows.
#pragma once

#include "data/gather.hpp"
#include "network/coded_blocks.hpp"
#include "network/sparse_blocks.hpp"

namespace fanin {

// Rows of X, how they are gathered, and the layers that they pass through
struct Inputs {
  const Samples& x;
  ColumnMap map;
  const std::vector<Layer>& layers;
};

template <class T>
class BlockInputs {
 public:
  // Each of the threads has one block of at most `most_rows` at a time.
  BlockInputs(const Nodes<T>& nodes, const T* parameters, const Inputs& inputs, std::size_t most_rows,
              int threads)
      : inputs_(inputs),
        by_rows_(reads_rows(inputs.x, inputs.layers)),
        codes_(nodes, inputs.layers, parameters, inputs.x, most_rows, threads),
        sparse_(inputs.layers, inputs.x, most_rows, by_rows_ ? threads : 0),
        columns_(by_rows_         ? 0
                 : codes_.exist() ? codes_.dense_columns()
                                  : nodes.inputs.gathered) {}

  // Of what is gathered into panels
  std::size_t columns() const { return columns_; }

  // Rows `of_x` of X, or those that these places of the order name
  void gather(int thread, const Panels<T>& to, const std::uint32_t* order, Range of_x) const {
    const Range all{0, of_x.end - of_x.begin};
    if (codes_.exist()) {
      gather_columns(codes_.dense(), to, order, of_x.begin, all, inputs_.map);
      codes_.gather(thread, order, of_x);
    } else if (by_rows_) {
      sparse_.gather(thread, order, of_x);
    } else {
      gather_samples(inputs_.x, to, order, of_x.begin, all, inputs_.map);
    }
  }
  // What the first layer reads besides
  void give(int thread, Flow<T>& flow) const {
    if (codes_.exist()) flow.codes = codes_.of(thread);
    if (by_rows_) flow.sparse = sparse_.of(thread);
  }

 private:
  const Inputs inputs_;
  const bool by_rows_;
  const CodedBlocks<T> codes_;
  const SparseBlocks<T> sparse_;
  const std::size_t columns_;
};

}  // namespace fanin
