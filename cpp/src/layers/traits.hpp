// Traits of an activation whose position in the list is known only at run time.
#pragma once

#include "fanin/activations.hpp"

namespace fanin {

struct ActivationTraits {
  bool needs_input = false, bends = false;
  double fan_in_variance = 1;
};

inline ActivationTraits traits_of(int activation) {
  ActivationTraits traits;
  int place = 0;
  for_each_type(Activations{}, [&](auto entry) {
    using A = typename decltype(entry)::type;
    if (place++ == activation) traits = {A::needs_input, A::bends, A::fan_in_variance};
  });
  return traits;
}

}  // namespace fanin
