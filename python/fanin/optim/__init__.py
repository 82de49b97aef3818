"""Update rules, as values: each with its equation, its hyper-parameters and their defaults.

`Network.fit` takes a rule; `Optimizer` applies one to your own arrays. The learning rate and the momentum may be
schedules, such as `Cosine`. `Around` adds penalties, decay, clipping, rates by array, frozen arrays, accumulation over
batches and averages of the weights to any rule.

In the equations g is the gradient, and all operations are element by element. Squares do not overflow: rules that
square gradients clip them to 2^60 (float32, about 1e18) or 2^508 (float64). If a rule's denominator is 0, because all
gradients so far were 0, the weight does not move.
"""

from __future__ import annotations

from fanin.optim import schedules
from fanin.optim.adam import Adam, AdaMax, AdamW, AMSGrad, NAdam, RAdam
from fanin.optim.around import Around
from fanin.optim.momentum import SGD, AdaptiveGain, Momentum, Nesterov
from fanin.optim.optimizer import Optimizer
from fanin.optim.rule import BatchSizeWarning, Rule
from fanin.optim.scaled import Adadelta, Adagrad, Lion, RMSprop, SchaulVSGD
from fanin.optim.schedules import *  # noqa: F403 (what it lists)
from fanin.optim.signs import Rprop, SignSGD

__all__ = [
    "SGD",
    "AMSGrad",
    "AdaMax",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "AdaptiveGain",
    "Around",
    "BatchSizeWarning",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "Rule",
    "SchaulVSGD",
    "SignSGD",
    *schedules.__all__,
]


def __dir__() -> list[str]:
    return __all__
