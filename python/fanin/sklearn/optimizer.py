"""What sgd and adam keep from one call of partial_fit to the next: the update rule and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fanin.optim import SGD, Adam, Around, Momentum, Nesterov, Rule

_SMALLEST_RATE = 1e-6  # "adaptive" stops at this one
_BELOW_1 = math.nextafter(1.0, 0.0)


class Optimizer:
    """The rule of an estimator with the parameters that it had when the rule began, as in scikit-learn.

    The rule's other state is kept by the network.
    """

    def __init__(self, estimator: Any) -> None:
        self.learning_rate = self._first_rate = float(estimator.learning_rate_init)
        self._schedule = estimator.learning_rate if estimator.solver == "sgd" else "constant"
        self._power = estimator.power_t
        self._rule = _rule_of(estimator)

    def rule(self, alpha: float) -> Rule:
        """Return the rule with the current rate, and with the penalty ``alpha / 2 |W|^2 / S`` on weights."""
        return Around(self._rule.at_rate(self.learning_rate), l2_of_sum=float(alpha))

    def epoch_ended(self, samples: int) -> None:
        """Set the rate ``learning_rate_init / (samples + 1)^power_t`` of "invscaling", after so many samples."""
        if self._schedule == "invscaling":
            self.learning_rate = self._first_rate / (samples + 1) ** self._power

    def stops(self, reason: str, verbose: bool) -> bool:
        """Return whether to stop, now that patience has run out; "adaptive" divides the rate by 5 first."""
        if self._schedule != "adaptive":
            decision = "Stopping."
        elif self.learning_rate <= _SMALLEST_RATE:
            decision = "Learning rate too small. Stopping."
        else:
            self.learning_rate /= 5.0
            decision = f"Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(f"{reason} {decision}")
        return decision.endswith("Stopping.")


def _rule_of(estimator: Any) -> Rule:
    rate = float(estimator.learning_rate_init)
    if estimator.solver == "adam":
        betas = float(estimator.beta_1), float(estimator.beta_2)
        return Adam(rate, *betas, float(estimator.epsilon), epsilon_hat=True)
    if estimator.momentum == 0:
        return SGD(rate)
    momentum = min(float(estimator.momentum), _BELOW_1)
    if estimator.nesterovs_momentum:
        return Nesterov(rate, momentum, show_look_ahead=True)
    return Momentum(rate, momentum)


def values_of(rule: Rule, names: Sequence[str]) -> dict[str, Any]:
    """Return a copy of a rule's hyper-parameters for the core, in which the learning rate may be changed."""
    return dict(rule.values_on(names))
