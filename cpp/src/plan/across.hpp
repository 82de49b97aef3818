// The sums over ranks in a step: of the loss, and of the gradient, in parts that start as soon as the
// backward pass has computed them.
#pragma once

#include <array>
#include <vector>

#include "base/panel_rows.hpp"
#include "ranks/ranks.hpp"
#include "rules/parameters.hpp"
#include "team/team.hpp"

namespace fanin {

template <class T>
class Across {
 public:
  explicit Across(const Ranks& ranks) : ranks_(ranks) {}

  bool many() const { return ranks_.many(); }

  // The parts of the gradient: `ready` once for each layer, from the last to the first, with the phase after
  // which its gradient is complete; then `divide`
  void clear() { layers_.clear(); }
  void ready(std::size_t layer, std::size_t phase) { layers_.push_back({layer, phase}); }
  void divide(const ParameterTable& table);

  // Memory for the figures of so many batches; then those of this rank, batch by batch: the sum of its sample
  // weights, its rows, in how many blocks. Then `begin`, after which weights and rows are those of all ranks.
  void reserve(std::size_t batches);
  void set_batch(std::size_t batch, double weight, std::size_t rows, std::size_t blocks);
  void begin();
  double weight(std::size_t batch) const { return weights_[batch]; }
  double rows(std::size_t batch) const { return rows_[batch]; }
  // On this rank, of the batches before this one
  std::size_t blocks_before(std::size_t batch) const { return blocks_before_[batch]; }
  // Of all weights, those of the batches before this one
  double share_before(std::size_t batch) const;

  // Thread 0 calls these: `start` after the forward pass, `continue_after` each phase of the backward pass or
  // `add_all`, and `wait`, after which the figures are those of all ranks.
  struct Figures {
    double loss, failed, interrupted;
  };
  void start(const Figures& own);
  void continue_after(std::size_t phase, T* gradient);
  void add_all(T* gradient);
  Figures wait();
  template <class U>
  void sum(std::span<U> values) const {
    ranks_.sum(values);
  }

 private:
  struct OfLayer {
    std::size_t layer, phase;
  };
  struct Part {
    std::size_t phase;
    std::size_t begin, end;
  };

  const Ranks ranks_;
  std::vector<OfLayer> layers_;
  std::vector<Part> parts_;
  std::vector<double> weights_, rows_;
  std::vector<std::size_t> blocks_before_;  // also of the end
  std::array<double, 3> figures_{};
};

extern template class Across<float>;
extern template class Across<double>;

}  // namespace fanin
