// A copy of a network's weights and batch-norm statistics.
#pragma once

#include <cstring>

#include "network/model.hpp"

namespace fanin {

template <class T>
class Snapshot {
 public:
  void take(const Network<T>& network) {
    const auto& net = *network.state_;
    const Access::Reading reading(net.access);
    if (statistics_.size() == 0) statistics_ = Buffer<T>(net.nodes.table.statistics_size);
    if (weights_.size() == 0) weights_ = Buffer<T>(net.nodes.table.size);
    copy(weights_.data(), net.weights(), weights_.size());
    copy(statistics_.data(), net.statistics.values().data(), statistics_.size());
  }

  // Has the effect of setting every array
  void restore(Network<T>& network) const {
    auto& net = *network.state_;
    const Access::Writing writing(net.access);
    copy(net.shown(), weights_.data(), weights_.size());
    copy(net.statistics.values().data(), statistics_.data(), statistics_.size());
    net.state.trained_from_shown(net.parameters.data(), net.nodes.table, {0, weights_.size()});
    net.solver.forget();
    net.fold();
  }

 private:
  static void copy(T* to, const T* from, std::size_t size) {
    if (size > 0) std::memcpy(to, from, size * sizeof(T));
  }
  Buffer<T> weights_, statistics_;
};

}  // namespace fanin
