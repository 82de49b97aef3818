#include "plan/step_curvature.hpp"

namespace fanin {

template <class T>
void Step<T>::plan_curvature() {
  for (const auto& node : nodes_.list) {
    node->tangent(tangent_);
    node->second_tangent(second_tangent_);
    node->squares(squares_plan_);
  }
  const Value<T>& last = nodes_.list.back()->out;
  loss_.tangent.follow = last.after_tangent;
  loss_.product.follow = loss_.acceleration.follow = loss_.pass_seed.follow = last.after_gradient;
  for (auto node = nodes_.list.rbegin(); node != nodes_.list.rend(); ++node) {
    (*node)->backward(values_backward_, false);
    (*node)->tangent_backward(tangent_backward_);
  }
  tangent_backward_.finish(data_.job);
}

template <class T>
bool Step<T>::run_job(Member member, const Job<T>& job, const StepOf<T>& step) {
  const Job<T>* const only = &job;
  executor_.run(member, {&only, 1}, step, true);
  return agree(member, !interrupted());
}

// No thread polls again before all have read the same value.
template <class T>
bool Step<T>::agree(Member member, bool goes_on) {
  executor_.barrier(member);
  return goes_on;
}

template <class T>
bool Step<T>::run_phases(Member member, const Plan<T>& plan, const StepOf<T>& step) {
  for (std::size_t phase = 0; phase < plan.phases(); ++phase) executor_.run(member, plan[phase], step, true);
  return agree(member, !interrupted());
}

// Computes the values of a block, and their gradients if they are needed, unless they are there
template <class T>
bool Step<T>::arrive(Member member, const CurvatureAt<T>& at, StepOf<T>& step, bool gradients) {
  const bool kept = at.same && blocks(at.batch.rows) == 1;
  const bool values = kept && has_values_, all = kept && has_gradients_;
  const bool rows = at.same_rows && blocks(at.batch.rows) == 1 && has_rows_;
  const double total = data_.total_weight(at.data, at.batch);
  step.scale = total > 0 ? static_cast<T>(1 / total) : T{0};
  executor_.barrier(member);  // all have read the flags
  if (member.thread == 0) has_values_ = has_gradients_ = false;
  if (!values) {
    if (!rows) gather_block(member, at.data, step.batch);
    const bool computed = forward_block(member, step, total, true) && !interrupted();
    if (!agree(member, computed)) return false;
  }
  if (gradients && !all) {
    if (values && !run_job(member, loss_.job, step)) return false;
    if (!run_phases(member, values_backward_, step)) return false;
  }
  executor_.barrier(member);
  if (member.thread == 0) {
    has_rows_ = has_values_ = true;
    has_gradients_ = gradients || all;
  }
  return true;
}

template <class T>
bool Step<T>::evaluate(Member member, const CurvatureAt<T>& at, T* to) {
  return for_each_block(member, at, to, false, [&](const StepOf<T>& step) {
    if (to == nullptr) return true;
    // the gradient of the outputs may be that of a product
    const bool whole = run_job(member, loss_.job, step) && run_phases(member, backward_, step);
    if (member.thread == 0) has_gradients_ = true;
    return whole;
  });
}

template <class T>
bool Step<T>::hessian_product(Member member, const CurvatureAt<T>& at, T* to) {
  return for_each_block(member, at, to, true, [&](const StepOf<T>& step) {
    return run_phases(member, tangent_, step) && run_job(member, loss_.tangent, step) &&
           run_phases(member, tangent_backward_, step);
  });
}

// The gradients of the values make way for those of the product.
template <class T>
bool Step<T>::gauss_newton_product(Member member, const CurvatureAt<T>& at, T* to) {
  return for_each_block(member, at, to, false, [&](const StepOf<T>& step) {
    if (member.thread == 0) has_gradients_ = false;
    return run_phases(member, tangent_, step) && run_job(member, loss_.product, step) &&
           run_phases(member, backward_, step);
  });
}

template <class T>
bool Step<T>::acceleration(Member member, const CurvatureAt<T>& at, T* to) {
  return for_each_block(member, at, to, false, [&](const StepOf<T>& step) {
    if (member.thread == 0) has_gradients_ = false;
    return run_phases(member, tangent_, step) && run_phases(member, second_tangent_, step) &&
           run_job(member, loss_.acceleration, step) && run_phases(member, backward_, step);
  });
}

template <class T>
bool Step<T>::squares(Member member, const CurvatureAt<T>& at, T* to) {
  if (member.thread == 0) std::fill_n(to, nodes_.table.size, T{0});
  return for_each_block(member, at, to, true,
                        [&](const StepOf<T>& step) { return run_phases(member, squares_plan_, step); });
}

#define FANIN_INSTANTIATE(T)                                                      \
  template bool Step<T>::agree(Member, bool);                                     \
  template bool Step<T>::run_job(Member, const Job<T>&, const StepOf<T>&);        \
  template bool Step<T>::run_phases(Member, const Plan<T>&, const StepOf<T>&);    \
  template bool Step<T>::arrive(Member, const CurvatureAt<T>&, StepOf<T>&, bool); \
  template void Step<T>::plan_curvature();                                        \
  template bool Step<T>::evaluate(Member, const CurvatureAt<T>&, T*);             \
  template bool Step<T>::hessian_product(Member, const CurvatureAt<T>&, T*);      \
  template bool Step<T>::gauss_newton_product(Member, const CurvatureAt<T>&, T*); \
  template bool Step<T>::acceleration(Member, const CurvatureAt<T>&, T*);         \
  template bool Step<T>::squares(Member, const CurvatureAt<T>&, T*);
FANIN_INSTANTIATE(float)
FANIN_INSTANTIATE(double)
#undef FANIN_INSTANTIATE

}  // namespace fanin
