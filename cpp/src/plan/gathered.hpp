// The first job of a step: gathers a batch from the user's data.
#pragma once

#include <optional>

#include "base/buffer.hpp"
#include "plan/coded_input.hpp"
#include "plan/plan.hpp"
#include "plan/sparse_input.hpp"

namespace fanin {

// Larger batches are processed in blocks of this many rows, unless something needs all rows at once. A
// multiple of the chunks of a sum over rows, so that blocks give the same bits.
inline constexpr std::size_t kMostRows = 4096;

// The sum of many values: first within blocks of kMostRows, then of these sums
template <class T>
double sum_in_blocks(const T* values, std::size_t n);

// What the memory of a step depends on
struct StepData {
  const Samples& x;
  const Targets& y;
  bool weighted;
  std::size_t largest_batch;
  std::size_t most_rows = kMostRows;  // at a time
  bool curvature = false;             // tangents have memory, too
  std::size_t sequences = 0;          // in the largest batch; 0: rows are no steps of sequences
  Ranks ranks = {};
  bool synchronized = false;  // batch norms over all ranks
};

// How batches are gathered
struct Gathering {
  std::size_t columns, outputs;  // of the samples, and of the network
  bool together;                 // a batch norm or a recurrent layer combines the rows of a batch
  bool by_sequence;              // y has a target for each sequence
  bool codes;                    // the first layer reads coded columns as they are
  bool rows;                     // the first layer reads rows of its weights
  std::size_t most_rows;         // at a time
};

// Gathers rows of x, targets and sample weights into panels. Unless a layer combines the rows, those
// with weight 0 are set to zeros: if they overflowed in the layers, their product with a gradient of 0 would
// be NaN.
template <class T>
class Gathered final : public Work<T> {
 public:
  Gathered(const StepData& data, const Gathering& how, const std::vector<Layer>& layers);

  void bind(Carver<T>& memory, std::size_t rows);
  // Prefetches some rows of a batch, before `run` gathers them
  void ask_for(const DataSource<T>& data, Batch batch, Range rows) const;
  void run(int part, const StepOf<T>& step, Range columns, Range rows) const override;

  Panels<T> targets(Batch batch) const { return {targets_[batch.odd], batch.rows, target_columns_}; }
  const std::int32_t* labels(Batch batch) const {
    return target_columns_ == 0 ? labels_[batch.odd].data() : nullptr;
  }
  const T* weights(Batch batch) const { return weights_[batch.odd]; }  // null if there are none
  // The batch as targets and weights have it
  Batch own(const Batch& batch) const { return by_sequence_ ? batch.of_sequences() : batch; }
  // The sum of a batch's weights, or its number of rows, once it is gathered; and before it is
  double total_weight(const Batch& batch) const;
  double total_weight(const DataSource<T>& data, const Batch& batch) const;

  Value<T> out;
  Job<T> job;

 private:
  std::size_t outputs_, target_columns_;  // 0 for labels
  bool weighted_, together_, by_sequence_;
  T* targets_[2];
  T* weights_[2];
  Buffer<std::int32_t> labels_[2];
  std::optional<CodedInput<T>> coded_;
  std::optional<SparseInput<T>> sparse_;
};

extern template class Gathered<float>;
extern template class Gathered<double>;

}  // namespace fanin
