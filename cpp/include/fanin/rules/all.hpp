// The list of update rules.
#pragma once

#include "fanin/list.hpp"
#include "fanin/rules/adadelta.hpp"
#include "fanin/rules/adagrad.hpp"
#include "fanin/rules/adam.hpp"
#include "fanin/rules/adamax.hpp"
#include "fanin/rules/adamw.hpp"
#include "fanin/rules/adaptive_gain.hpp"
#include "fanin/rules/ademamix.hpp"
#include "fanin/rules/amsgrad.hpp"
#include "fanin/rules/lion.hpp"
#include "fanin/rules/momentum.hpp"
#include "fanin/rules/muon.hpp"
#include "fanin/rules/nadam.hpp"
#include "fanin/rules/nesterov.hpp"
#include "fanin/rules/radam.hpp"
#include "fanin/rules/rmsprop.hpp"
#include "fanin/rules/rprop.hpp"
#include "fanin/rules/schaul_vsgd.hpp"
#include "fanin/rules/schedule_free_adamw.hpp"
#include "fanin/rules/sgd.hpp"
#include "fanin/rules/sign_sgd.hpp"

namespace fanin {

using Rules = List<SGD, Momentum, Nesterov, AdaptiveGain, SignSGD, Rprop, RMSprop, Adagrad, Adadelta, Adam,
                   AdamW, NAdam, RAdam, AMSGrad, AdaMax, AdEMAMix, ScheduleFreeAdamW, Muon, Lion, SchaulVSGD>;

template <class R>
constexpr int rule_place() {
  return index_in<R, Rules>;
}

}  // namespace fanin
