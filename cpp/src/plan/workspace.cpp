#include "plan/workspace.hpp"

#include "data/gather.hpp"

namespace fanin {
namespace {

// Hands out parts of one buffer, or, without one, adds up what they need.
template <class T>
class Carver {
 public:
  explicit Carver(T* base) : base_(base) {}
  T* take(std::size_t size) {
    T* part = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (size + 15) / 16 * 16;
    return part;
  }
  std::size_t used() const { return used_; }

 private:
  T* base_;
  std::size_t used_ = 0;
};

}  // namespace

template <class T>
Workspace<T>::Workspace(const Layout<T>& layout, const Targets& y, bool weighted, std::size_t largest_batch)
    : layout_(layout),
      target_columns_(columns_of_targets(y)),
      weighted_(weighted),
      memory_of_(layout.layers.size() + 1) {
  memory_ = Buffer<T>(carve(nullptr, largest_batch));
  carve(memory_.data(), largest_batch);
  for (auto& labels : labels_) labels = Buffer<std::int32_t>(target_columns_ == 0 ? largest_batch : 0);
}

template <class T>
std::size_t Workspace<T>::carve(T* base, std::size_t rows) {
  Carver<T> carver(base);
  const auto matrix = [&](std::size_t m, std::size_t n) {
    return carver.take(Panels<T>{nullptr, m, n}.size());
  };
  for (T*& input : inputs_) input = matrix(rows, units(0));
  for (T*& target : targets_) target = matrix(rows, target_columns_);
  for (T*& weight : weights_) weight = weighted_ ? carver.take(rows) : nullptr;
  row_loss_ = carver.take(rows);
  for (std::size_t l = 1; l <= layers(); ++l) {
    Layer& layer = memory_of_[l];
    layer.a = matrix(rows, units(l));
    layer.dz = matrix(rows, units(l));
    layer.z = layout_.layers[l - 1].needs_input ? matrix(rows, units(l)) : nullptr;
    const LayerLayout& shape = layout_.layers[l - 1];
    layer.dz_transposed = l > 1 && shape.dense ? matrix(units(l), rows) : nullptr;
    const bool normalized = shape.batch_norm.has_value();
    layer.u = normalized && shape.dense ? matrix(rows, units(l)) : nullptr;
    layer.dropped = shape.dropout ? matrix(rows, units(l)) : nullptr;
    const std::size_t bytes = rows * KeptElements<T>::kBytes * Panels<T>{nullptr, rows, units(l)}.count();
    layer.kept = shape.dropout
                     ? reinterpret_cast<std::uint8_t*>(carver.take((bytes + sizeof(T) - 1) / sizeof(T)))
                     : nullptr;
    for (T** column : {&layer.offset, &layer.variance, &layer.dgamma, &layer.dbeta}) {
      *column = normalized ? matrix(1, units(l)) : nullptr;
    }
  }
  return carver.used();
}

template <class T>
std::size_t Workspace<T>::units(std::size_t layer) const {
  return layer == 0 ? layout_.layers[0].inputs : layout_.layers[layer - 1].units;
}

template <class T>
Panels<T> Workspace<T>::a(std::size_t layer, Batch batch) const {
  return panels(layer == 0 ? inputs_[batch.number % 2] : memory_of_[layer].a, layer, batch);
}

template <class T>
Panels<T> Workspace<T>::out(std::size_t layer, Batch batch) const {
  T* const dropped = memory_of_[layer].dropped;
  return dropped != nullptr ? panels(dropped, layer, batch) : a(layer, batch);
}

template <class T>
Panels<T> Workspace<T>::u(std::size_t layer, Batch batch) const {
  return layout_.layers[layer - 1].dense ? panels(memory_of_[layer].u, layer, batch) : out(layer - 1, batch);
}

template <class T>
void Workspace<T>::ask_for(const DataSource& data, Batch batch, Range rows) const {
  const std::uint32_t* const wanted = data.order + batch.first + rows.begin;
  const std::size_t count = rows.end - rows.begin;
  std::visit([&](const auto& x) { ask_for_rows(x, wanted, count); }, *data.x);
  std::visit([&](const auto& y) { ask_for_rows(y, wanted, count); }, *data.y);
}

template <class T>
void Workspace<T>::gather(const DataSource& data, Batch batch, Range rows) const {
  if (rows.begin == rows.end) return;
  gather_samples(*data.x, a(0, batch), data.order, batch.first, rows);
  gather_targets(*data.y, labels_[batch.number % 2].data(), targets(batch), data.order, batch.first, rows);
  for (std::size_t i = rows.begin; weighted_ && i < rows.end; ++i) {
    weights_[batch.number % 2][i] = static_cast<T>(data.weights[data.order[batch.first + i]]);
  }
}

template <class T>
std::size_t Workspace<T>::first_layer_not_finite(Batch batch) const {
  for (std::size_t l = 1; l < layers(); ++l) {
    const Panels<T> outputs = a(l, batch);
    if (find_not_finite(outputs.data, outputs.size()) < outputs.size()) return l;
  }
  return layers();
}

template class Workspace<float>;
template class Workspace<double>;

}  // namespace fanin
