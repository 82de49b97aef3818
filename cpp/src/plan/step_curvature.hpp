// Passes over a batch for second derivatives, by the R-operator (Pearlmutter 1994; Schraudolph 2002).
#pragma once

#include "plan/step.hpp"

namespace fanin {

// f(step) for each block of rows
template <class T>
template <class F>
bool Step<T>::for_each_block(Member member, const CurvatureAt<T>& at, T* to, bool gradients, F&& f) {
  const Update<T> none{0, nullptr, nullptr, nullptr, 0};
  StepOf<T> step{{}, {}, &at.data, at.parameters, random_, T{1}, &none, {to}, {at.direction, to}};
  for (std::size_t i = 0; i < blocks(at.batch.rows); ++i) {
    step.batch = block(at.batch, i);
    step.sink.into = i == 0 ? Into::alone : Into::continued;
    if (!arrive(member, at, step, gradients) || !f(step)) return false;
  }
  return true;
}

template <class T>
template <class F>
bool Step<T>::for_each_output(Member member, const CurvatureAt<T>& at, bool root, T* e, F&& f) {
  return for_each_block(member, at, nullptr, false, [&](StepOf<T>& step) {
    step.seed = {0, root, e};
    for (std::size_t k = 0; k < nodes_.outputs(); ++k) {
      step.seed.output = k;
      if (!run_job(member, loss_.seed, step) || !run_job(member, loss_.pass_seed, step) ||
          !run_phases(member, values_backward_, step)) {
        return false;
      }
      if (member.thread == 0) has_gradients_ = false;
      f(step.batch, k);
      executor_.barrier(member);
    }
    return true;
  });
}

}  // namespace fanin
