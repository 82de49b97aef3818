// Iterations of a solver until it ends.
#pragma once

#include "fanin/minimize.hpp"

namespace fanin {

template <class Steps>
Minimum run(Steps& steps, const MinimizeOptions& options) {
  std::size_t done = 0;
  bool stopped = false;
  while (!steps.ended() && !stopped && done < options.iterations) {
    const Iteration iteration = steps.iterate();
    if (iteration.step == 0) break;
    done = iteration.number;
    stopped = options.after && options.after(iteration);
  }
  const Ended otherwise = stopped ? Ended::stopped : Ended::iterations;
  return {steps.loss(), steps.gradient(), done, steps.evaluations(), steps.ended().value_or(otherwise)};
}

}  // namespace fanin
