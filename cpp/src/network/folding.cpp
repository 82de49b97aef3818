// Batch norm folded into the weights that predict: each node knows how.
#include <cstring>

#include "network/model.hpp"

namespace fanin {

template <class T>
void Network<T>::State::fold(T* to, const Normalizer<T>* watched) const noexcept {
  if (!nodes.has_batch_norm()) return;
  const FloatingPointScope modes;
  std::memcpy(to, weights(), nodes.table.size * sizeof(T));
  for (const auto& node : nodes.list) node->fold(to, weights(), averages, watched);
}

template void Network<float>::State::fold(float*, const Normalizer<float>*) const noexcept;
template void Network<double>::State::fold(double*, const Normalizer<double>*) const noexcept;

}  // namespace fanin
