// Batch norm folded into the weights that predict: each node knows how.
#include <cstring>

#include "network/model.hpp"

namespace fanin {

template <class T>
void Network<T>::State::fold(T* to, const Normalizer<T>* watched) const {
  std::memcpy(to, weights(), nodes.table.size * sizeof(T));
  for (const auto& node : nodes.list) node->fold(to, weights(), averages, watched);
}

template <class T>
const T* Network<T>::State::folded() const {
  if (!nodes.has_batch_norm()) return weights();
  if (!folded_is_stale_.load(std::memory_order_acquire)) return folded_.data();
  const std::lock_guard<std::mutex> lock(folding_);
  if (folded_is_stale_.load(std::memory_order_relaxed)) {
    const FloatingPointScope modes;
    if (folded_.size() == 0) folded_ = Buffer<T>(nodes.table.size);
    fold(folded_.data(), nullptr);
    folded_is_stale_.store(false, std::memory_order_release);
  }
  return folded_.data();
}

template void Network<float>::State::fold(float*, const Normalizer<float>*) const;
template void Network<double>::State::fold(double*, const Normalizer<double>*) const;
template const float* Network<float>::State::folded() const;
template const double* Network<double>::State::folded() const;

}  // namespace fanin
