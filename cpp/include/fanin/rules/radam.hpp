#pragma once

#include "fanin/rules/adam.hpp"

namespace fanin {

// RAdam (Liu et al. 2020, algorithm 2): Adam, rectified while the second moment is uncertain:
//   m, v as in Adam;  R = 2 / (1 - beta2) - 1,   r = R - 2 t beta2^t / (1 - beta2^t)
//   w <- w - learning_rate * c m^ / (sqrt(v^) + epsilon),   c^2 = (r-4)(r-2)R / ((R-4)(R-2)r),   if r > 5
//   w <- w - learning_rate * m^                                                              otherwise
// The limit of 5 is that of the authors' code and of PyTorch; the paper has 4. PyTorch adds epsilon to
// sqrt(v) instead.
struct RAdam : Adam {
  static constexpr const char* name = "radam";

  // Those of Adam; up to r = 5, the divisor is 1.
  Constants begin(const Moment& at) const {
    const double decayed = power(beta2, at.t), correction2 = 1 - decayed;
    const double rate = learning_rate / (1 - power(beta1, at.t));
    const double longest = 2 / (1 - beta2) - 1;
    const double length = longest - 2 * static_cast<double>(at.t) * decayed / correction2;
    if (!(length > 5)) return {rate, beta1, 1 - beta1, beta2, 1 - beta2, 0, 1};
    const double rectified =
        __builtin_sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    const double root_scale = 1 / __builtin_sqrt(correction2);
    return {rate * rectified, beta1, 1 - beta1, beta2, 1 - beta2, root_scale, added_to(root_scale)};
  }
};

}  // namespace fanin
