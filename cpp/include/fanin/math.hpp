// Elementary functions on one double: the same bits on every machine, which libm does not promise.
#pragma once

namespace fanin::math {

double exp(double x);
double log(double x);
double cos_pi(double x);  // cos(pi x)

}  // namespace fanin::math
