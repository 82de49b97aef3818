// The memory of a training step: batches gathered into panels, and what each layer computes from them.
#pragma once

#include <vector>

#include "base/buffer.hpp"
#include "data/sample_weights.hpp"
#include "fanin/network.hpp"
#include "plan/layout.hpp"

namespace fanin {

// What steps read of the user's data: rows of x and y in an order.
struct DataSource {
  const Samples* x;
  const Targets* y;
  ScaledWeights weights;
  const std::uint32_t* order;
};

// The rows of one step: `rows` positions of the order from `first` on. Batches are numbered; even and odd
// ones have memory of their own, so that the next one is gathered while this one is in use.
struct Batch {
  std::size_t number, first, rows;
};

// Layers are counted from 1; layer 0 is the input. Everything is allocated by the constructor.
template <class T>
class Workspace {
 public:
  Workspace(const Layout<T>& layout, const Targets& y, bool weighted, std::size_t largest_batch);

  std::size_t layers() const { return layout_.layers.size(); }
  std::size_t units(std::size_t layer) const;

  Panels<T> z(std::size_t layer, Batch batch) const { return panels(memory_of_[layer].z, layer, batch); }
  Panels<T> a(std::size_t layer, Batch batch) const;
  // a after the dropout: what the next layer sees. Inputs are dropped in place.
  Panels<T> out(std::size_t layer, Batch batch) const;
  std::uint8_t* kept(std::size_t layer) const { return memory_of_[layer].kept; }
  Panels<T> dz(std::size_t layer, Batch batch) const { return panels(memory_of_[layer].dz, layer, batch); }
  Panels<T> dz_transposed(std::size_t layer, Batch batch) const {
    return {memory_of_[layer].dz_transposed, units(layer), batch.rows};
  }
  Panels<T> targets(Batch batch) const { return {targets_[batch.number % 2], batch.rows, target_columns_}; }
  const std::int32_t* labels(Batch batch) const {
    return target_columns_ == 0 ? labels_[batch.number % 2].data() : nullptr;
  }
  // of a layer with batch norm: what is normalized, and what is computed for each column
  Panels<T> u(std::size_t layer, Batch batch) const;
  T* offset(std::size_t layer) const { return memory_of_[layer].offset; }
  T* variance(std::size_t layer) const { return memory_of_[layer].variance; }
  T* dgamma(std::size_t layer) const { return memory_of_[layer].dgamma; }
  T* dbeta(std::size_t layer) const { return memory_of_[layer].dbeta; }
  const T* weights(Batch batch) const { return weights_[batch.number % 2]; }  // null without
  T* row_loss() const { return row_loss_; }

  // Some rows of a batch, from the user's arrays; before, they may be asked for
  void ask_for(const DataSource& data, Batch batch, Range rows) const;
  void gather(const DataSource& data, Batch batch, Range rows) const;

  // The first layer with an output that is not finite, or the last layer
  std::size_t first_layer_not_finite(Batch batch) const;

 private:
  struct Layer {
    T* z;
    T* a;
    T* dz;
    T* dz_transposed;
    T* u;
    T* dropped;
    std::uint8_t* kept;
    T *offset, *variance, *dgamma, *dbeta;
  };
  Panels<T> panels(T* data, std::size_t layer, Batch batch) const { return {data, batch.rows, units(layer)}; }
  std::size_t carve(T* base, std::size_t rows);

  const Layout<T>& layout_;
  std::size_t target_columns_;  // 0 for labels
  bool weighted_;
  std::vector<Layer> memory_of_;
  T* inputs_[2];
  T* targets_[2];
  T* weights_[2];
  T* row_loss_;
  Buffer<T> memory_;
  Buffer<std::int32_t> labels_[2];
};

extern template class Workspace<float>;
extern template class Workspace<double>;

}  // namespace fanin
