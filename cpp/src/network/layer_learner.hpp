// How an input layer learns, whatever it does with X.
#pragma once

#include <variant>
#include <vector>

#include "data/input_learner.hpp"
#include "fanin/error.hpp"
#include "tables/input_code.hpp"

namespace fanin {

// The learner of a map or that of a code; see their methods
class LayerLearner {
 public:
  LayerLearner(const std::vector<Layer>& layers, std::size_t columns, bool several)
      : learner_(InputLayer(layers).codes ? Any(std::in_place_type<CodeLearner>, layers, columns, several)
                                          : Any(std::in_place_type<InputLearner>, layers, columns, several)) {
  }

  template <class W>
  bool add(const Samples& x, const W& weights) {
    return std::visit([&](auto& learner) { return learner.add(x, weights); }, learner_);
  }
  // The rows of each rank; several throw ValueError for a code.
  template <class W>
  void add(const Ranks& ranks, const Samples& x, const W& weights) {
    if (!ranks.many()) {
      add(x, weights);
    } else if (auto* const learner = std::get_if<InputLearner>(&learner_)) {
      learner->add(ranks, x, weights);
    } else {
      throw ValueError(
          "layers[0]: learns from the rows of one rank alone; call adapt on rank 0 before, with a sample "
          "of all");
    }
  }
  InputMap learn(const Samples* only = nullptr) const {
    return std::visit([&](const auto& learner) { return learner.learn(only); }, learner_);
  }

 private:
  using Any = std::variant<InputLearner, CodeLearner>;
  Any learner_;
};

}  // namespace fanin
