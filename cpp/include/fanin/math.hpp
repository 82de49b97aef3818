// Elementary functions of one double, with the same bits on every machine, which libm does not guarantee.
#pragma once

#pragma GCC visibility push(default)
namespace fanin::math {

double exp(double x);
double log(double x);
double cos_pi(double x);  // cos(pi x)

}  // namespace fanin::math

#pragma GCC visibility pop
