// The only translation unit of the kernels, compiled once per instruction set (cmake/isa.cmake).
#include "batch_norm.hpp"
#include "batch_norm_backward.hpp"
#include "coded_gradient.hpp"
#include "dense.hpp"
#include "elementwise.hpp"
#include "erf.hpp"
#include "gather.hpp"
#include "input_moments.hpp"
#include "lanes.hpp"
#include "loss.hpp"
#include "philox.hpp"
#include "product.hpp"
#include "random_values.hpp"
#include "recurrent.hpp"
#include "sparse_rows.hpp"
#include "square_sum.hpp"
#include "table.hpp"
#include "update.hpp"
#include "watched.hpp"
#include "weight_gradient.hpp"

#ifdef __FAST_MATH__
#error "fanin must be compiled without -ffast-math: results would not be the same bits everywhere"
#endif

#define FANIN_STRING_(x) #x
#define FANIN_STRING(x) FANIN_STRING_(x)
#define FANIN_TABLE_(isa) kernels_##isa
#define FANIN_TABLE(isa) FANIN_TABLE_(isa)

namespace fanin {
namespace FANIN_ISA {
namespace {

template <class T, class F>
FANIN_INLINE void map(T* out, const T* in, std::size_t n, F&& f) {
  for_each<T>(n, [&](std::size_t i, auto lanes) { lanes.store(f(lanes.load(in + i)), out + i); });
}

#define FANIN_MATH(function) \
  [](T* out, const T* in, std::size_t n) { map(out, in, n, [](Vec<T> x) { return function(x); }); }

template <class T>
constexpr Kernels<T> make_kernels() {
  return {
      forward<T>,
      product<T>,
      turn<T>,
      recur<T>,
      recur_backward<T>,
      input_gradient<T>,
      pass_gradient<T>,
      drop<T>,
      watch_units<T>,
      weight_gradient<T>,
      bias_gradient<T>,
      coded_gradient<T>,
      coded_tables<T>,
      sparse_gradient<T>,
      catch_up<T>,
      update<T>,
      shift<T>,
      convert_weights<T>,
      add_weighted<T>,
      square_sum<T>,
      loss<T>,
      loss_curvature<T>,
      outputs<T>,
      sum<T>,
      activate<T>,
      activate_backward<T>,
      differentiate<T>,
      bend<T>,
      batch_norm_moments<T>,
      batch_norm_statistics<T>,
      batch_norm_sums<T>,
      batch_norm_gradients<T>,
      batch_norm_input<T>,
      normalize_layer<T>,
      normalize_layer_backward<T>,
      batch_norm_scale<T>,
      normalize<T>,
      gather<T, float>,
      gather<T, double>,
      find_beyond<T>,
      {FANIN_MATH(exp), FANIN_MATH(expm1), FANIN_MATH(log), FANIN_MATH(log1p), FANIN_MATH(tanh),
       FANIN_MATH(logistic), FANIN_MATH(erf), FANIN_MATH(cos_pi)},
  };
}

}  // namespace
}  // namespace FANIN_ISA

extern const KernelTable FANIN_TABLE(FANIN_ISA);
constinit const KernelTable FANIN_TABLE(FANIN_ISA) = {
    FANIN_STRING(FANIN_ISA),
    FANIN_ISA::make_kernels<float>(),
    FANIN_ISA::make_kernels<double>(),
    FANIN_ISA::random_bits,
    {FANIN_ISA::moments_of_inputs<false, float>, FANIN_ISA::moments_of_inputs<true, float>},
    {FANIN_ISA::moments_of_inputs<false, double>, FANIN_ISA::moments_of_inputs<true, double>},
    FANIN_ISA::to_doubles,
    FANIN_ISA::uniform_values,
    FANIN_ISA::normal_pairs,
};

}  // namespace fanin
