// The nodes of a network, and the table of their parameters.
#pragma once

#include "base/buffer.hpp"
#include "data/input_map.hpp"
#include "plan/node.hpp"

namespace fanin {

template <class T>
struct Nodes {
  ParameterTable table;
  std::vector<Normalizer<T>*> normalizers;
  InputWidths inputs;
  std::size_t stages = 0;  // layers with parameters
  std::size_t depth = 0;   // of layers inside others
  NodeList<T> list;
  Over over = Over::rows;   // what the outputs are for
  std::size_t carried = 0;  // columns that are carried from one window of sequences to the next
  std::size_t widest = 0;   // columns of the nodes' outputs, rounded up to whole panels
  std::size_t turned = 0;   // elements of transposed weights
  bool synchronized;        // batch norms over all ranks

  // Throws ValueError if the layers cannot be combined in this order
  Nodes(InputWidths widths, const std::vector<Layer>& layers, const RunningStatistics<T>* frozen = nullptr,
        bool synchronizes = false);

  std::size_t outputs() const { return list.back()->out.columns; }
  bool has_batch_norm() const { return !normalizers.empty(); }
  bool combines_rows() const { return has_batch_norm() || over != Over::rows; }
  // Layers share weights, transposed
  bool ties() const { return turned > 0; }
  // Whether prediction uses other parameters than training, with transposed weights behind them
  bool folds() const { return has_batch_norm() || ties(); }
  std::size_t folded_size() const { return folds() ? table.size + turned : 0; }
  double flops() const { return flops_of(list); }
};

}  // namespace fanin
