// Losses and scores of blocks in prediction, added up in the order of the blocks.
#pragma once

#include <array>
#include <numeric>

#include "network/windows.hpp"

namespace fanin {

template <class T>
class BlockScores {
 public:
  static constexpr std::size_t kMost = std::max(kBlockRows, kWindowRows);  // targets at a time

  BlockScores(const Nodes<T>& nodes, const Loss& loss, LossOf<T> of, const Targets& y,
              const ScaledWeights& weights, std::size_t blocks)
      : nodes_(nodes), loss_(loss), of_(of), y_(y), weights_(weights), losses_(blocks), scores_(blocks) {}

  // Targets first, first + 1, ..., or those that these places of the order name
  void add(std::size_t number, const Block<T>& block, const Flow<T>& flow, const std::uint32_t* order,
           std::size_t first, std::size_t count) {
    std::int32_t labels[kMost];
    const Panels<T> targets{block.targets().data, count, block.targets().columns};
    const std::size_t outputs = nodes_.outputs();
    gather_targets(y_, outputs, labels, targets, order, first, {0, count});
    T* const row_weight = weights_.empty() ? nullptr : block.row_weight();
    for (std::size_t i = 0; row_weight != nullptr && i < count; ++i) {
      row_weight[i] = static_cast<T>(weights_[order != nullptr ? order[first + i] : first + i]);
    }
    kernels<T>().loss({block.row_loss(),
                       block.row_score(),
                       {nullptr, count, outputs},
                       {nullptr, outputs, count},
                       read_only(flow.z),
                       read_only(flow.x),
                       read_only(targets),
                       targets.columns == 0 ? labels : nullptr,
                       row_weight,
                       T{1},
                       of_,
                       nodes_.list.back()->out.activation},
                      {0, count});
    losses_[number] += static_cast<double>(kernels<T>().sum(block.row_loss(), count));
    scores_[number] += static_cast<double>(kernels<T>().sum(block.row_score(), count));
  }

  // Over all ranks, of which some may have no weights
  Evaluation mean(std::size_t targets, const Ranks& ranks) const {
    double weight = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) weight += weights_[i];
    const double one = weights_.scale();
    std::array<double, 3> sums{total(losses_), total(scores_), weight};
    if (weights_.empty()) sums = {one * sums[0], one * sums[1], one * static_cast<double>(targets)};
    ranks.sum(std::span<double>(sums));
    const auto [losses, all_scores, weights] = sums;
    const double scores =
        kind_of(loss_) == TargetKind::labels ? weights : weights * static_cast<double>(nodes_.outputs());
    const double mean_score = all_scores / scores;
    const double metric = std::visit([&](const auto& l) { return l.metric_of(mean_score); }, loss_);
    return {losses / weights, metric};
  }

 private:
  static double total(const std::vector<double>& sums) {
    return std::accumulate(sums.begin(), sums.end(), 0.0);
  }

  const Nodes<T>& nodes_;
  const Loss& loss_;
  const LossOf<T> of_;
  const Targets& y_;
  const ScaledWeights& weights_;
  std::vector<double> losses_, scores_;
};

}  // namespace fanin
