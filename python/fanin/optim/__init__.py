"""Update rules, as values: the equation of each, its hyper-parameters and their defaults.

`Optimizer` applies one to arrays of your own; `Network.fit` takes one as its `rule`. A learning rate or a momentum may
be a schedule, such as `Cosine`; `Around` adds penalties, decay, clipping, rates by
array, frozen arrays, accumulation over batches and averages of the weights to any rule.

In the equations g is the gradient, and all operations are element by element. Squares stay finite: of gradients beyond
2^60 (float32, about 1e18) or 2^508 (float64), rules that square them see that limit. Where a rule's denominator is 0,
as without any gradient so far, it takes no step.
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
