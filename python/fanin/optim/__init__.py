"""Update rules, as values: each with its equation, its hyper-parameters and their defaults.

`Network.fit` takes a rule, or its name; `Optimizer` applies one to your own arrays. The learning rate, the momentum and
the weight decay may be schedules, such as `Cosine`. `Around` adds penalties, decay, clipping, rates by array, frozen
arrays, accumulation over batches and averages of the weights to any rule. Solvers (such as `LBFGS`) take the place of
a rule in `Network.fit` to minimize the loss of all samples at once; `suggest` says when.

In the equations g is the gradient, and all operations but those of `Muon` are element by element. Squares do not
overflow: rules that square gradients clip them to 2^60 (float32, about 1e18) or 2^508 (float64). Nor are they
denormal, which would be slow: running averages of squares (RMSprop, Adadelta, Adam and its kin) take the square of a
gradient below 2^-55 (float32, about 3e-17) or 2^-500 (float64) as 0. If a rule's denominator is 0, because all
gradients so far were 0, the weight does not move.
"""

from __future__ import annotations

from fanin.optim import (
    adam,
    advice,
    composed_schedules,
    cosine_schedules,
    momentum,
    muon,
    scaled,
    schedules,
    signs,
    solvers,
)
from fanin.optim.adam import *  # noqa: F403 (what each of these lists)
from fanin.optim.advice import *  # noqa: F403
from fanin.optim.around import Around
from fanin.optim.composed_schedules import *  # noqa: F403
from fanin.optim.cosine_schedules import *  # noqa: F403
from fanin.optim.momentum import *  # noqa: F403
from fanin.optim.muon import *  # noqa: F403
from fanin.optim.optimizer import Optimizer
from fanin.optim.rule import BatchSizeWarning, Rule
from fanin.optim.scaled import *  # noqa: F403
from fanin.optim.schedules import *  # noqa: F403
from fanin.optim.signs import *  # noqa: F403
from fanin.optim.solvers import *  # noqa: F403

__all__ = ["Around", "BatchSizeWarning", "Optimizer", "Rule"]
__all__ += (
    adam.__all__
    + momentum.__all__
    + muon.__all__
    + scaled.__all__
    + schedules.__all__
    + cosine_schedules.__all__
    + composed_schedules.__all__
    + signs.__all__
    + solvers.__all__
    + advice.__all__
)


def __dir__() -> list[str]:
    return __all__
