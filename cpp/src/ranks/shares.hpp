// Which rows of an epoch make each batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ranks/ranks.hpp"

namespace fanin {

// Batches are of the samples of all ranks. With n of N samples, rank r of P has the places
//   floor(n s B / N + r / P), ...   of its order
// in batches s, s + 1, ... of B: its share, rounded so that the ranks take turns to have one more. A rank
// with few samples has none in some batches. A single rank has places s B, ...
class Shares {
 public:
  // If its share of the last batch is fewer than `least` samples on any rank, that batch joins the one
  // before. No batch is empty on all ranks if `batch_size` is at least their number: a share is less than one
  // sample below n B / N, and rank 0 has the last of its samples in the last batch.
  Shares(const Ranks& ranks, std::size_t samples, std::size_t batch_size, std::size_t least)
      : own_(samples), rank_(ranks.rank()), ranks_(ranks.size()) {
    of_ranks_ = ranks.gather(static_cast<double>(samples));
    for (const double n : of_ranks_) all_ += static_cast<std::size_t>(n);
    batch_size_ = std::min(batch_size, all_);
    batches_ = (all_ + batch_size_ - 1) / batch_size_;
    if (batches_ > 1 && fewest_in(batches_ - 1) < least) --batches_;
  }

  std::size_t samples() const { return all_; }  // of all ranks
  std::size_t batch_size() const { return batch_size_; }
  std::size_t batches() const { return batches_; }
  std::size_t begin(std::size_t batch) const { return begin_of(rank_, batch); }
  // Most samples of a batch on this rank; fewest of a batch on any rank
  std::size_t largest() const {
    const std::size_t whole = static_cast<std::size_t>((Wide{own_} * batch_size_ + all_ - 1) / all_);
    return std::max(std::min(whole, own_), own_ - begin(batches_ - 1));
  }
  std::size_t fewest() const {
    if (batches_ == 1) return fewest_in(0);
    const auto n = static_cast<std::size_t>(*std::ranges::min_element(of_ranks_));
    return std::min(static_cast<std::size_t>(Wide{n} * batch_size_ / all_), fewest_in(batches_ - 1));
  }

 private:
  __extension__ typedef unsigned __int128 Wide;  // products of numbers of samples

  std::size_t begin_of(std::size_t rank, std::size_t batch) const {
    const auto n = static_cast<std::size_t>(of_ranks_[rank]);
    if (batch >= batches_) return n;
    const Wide places = Wide{n} * batch * batch_size_ * ranks_ + Wide{rank} * all_;
    return static_cast<std::size_t>(places / (Wide{all_} * ranks_));
  }
  std::size_t share_of(std::size_t rank, std::size_t batch) const {
    return begin_of(rank, batch + 1) - begin_of(rank, batch);
  }
  std::size_t fewest_in(std::size_t batch) const {
    std::size_t fewest = all_;
    for (std::size_t rank = 0; rank < ranks_; ++rank) fewest = std::min(fewest, share_of(rank, batch));
    return fewest;
  }

  std::size_t own_, rank_, ranks_, all_ = 0, batch_size_ = 0, batches_ = 0;
  std::vector<double> of_ranks_;  // their samples
};

}  // namespace fanin
