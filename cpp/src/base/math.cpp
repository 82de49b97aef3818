#include "fanin/math.hpp"

#include "base/floating_point.hpp"
#include "base/registry.hpp"

namespace fanin::math {
namespace {

double value_of(MathFunction function, double x) {
  const FloatingPointScope modes;
  double y = 0;
  kernels<double>().math[static_cast<int>(function)](&y, &x, 1);
  return y;
}

}  // namespace

double exp(double x) { return value_of(MathFunction::exp, x); }
double log(double x) { return value_of(MathFunction::log, x); }
double cos_pi(double x) { return value_of(MathFunction::cos_pi, x); }

}  // namespace fanin::math
