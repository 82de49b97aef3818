"""The learning rate "auto": a race of five rates, each trained briefly from the same start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fanin._core import DivergedError
from fanin.checks import check_sequence
from fanin.data.sequences import longest
from fanin.data.validation import Validation
from fanin.model import check_model
from fanin.optim import Around, Cosine, Rule
from fanin.optim.around import rule_of_fit
from fanin.training.decision import Decision
from fanin.training.fitting import Closing, Fit, continues
from fanin.training.opening import data_of, open_fit
from fanin.training.rates import adapted, hold_out, middle_rate, rates_around, steps_per_epoch
from fanin.training.settings import BatchesName, Settings
from fanin.training.tail import constant_then_falling
from fanin.training.together import train_together
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData
    from fanin.network import Network


@dataclass(frozen=True)
class Leg:
    """One rate of a race: its training losses, the step at which each was complete, and its score.

    The score is the loss on the validation data, NaN if the training diverged; `reason` says how it ended.
    """

    rate: float
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    score: float
    reason: str


@dataclass(frozen=True, repr=False)
class RateCurve:
    """The result of `find_rate`.

    Attributes
    ----------
    rule : Rule
        The rule with the chosen rate, falling to 0 by a `Cosine` over the whole fit.
    rate : float
        The chosen rate.
    legs : tuple of Leg
        By rate: ``rate``, training ``losses`` (mean of each pass, at ``steps``), validation loss ``score``, ``reason``.
    start : float
        The validation loss before training.
    decisions : tuple of Decision
        The same as text and numbers, with the choice as the last.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> fanin.find_rate(net, X, X**2, rule=fanin.optim.Adam("auto"), rates=[0.001, 0.02], epochs=50)
    <fanin.RateCurve: 0.02 of 0.001, 0.02>
    """

    rule: Rule
    rate: float
    legs: tuple[Leg, ...]
    start: float

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """A decision about each leg, and the choice."""
        rows = []
        for leg in self.legs:
            numbers = {"steps": leg.steps[-1] if leg.steps else 0, "score": leg.score, "start": self.start}
            rows.append(Decision("leg", leg.rate, leg.reason, numbers))
        best = next(leg for leg in self.legs if leg.rate == self.rate)
        reason = f"the lowest validation loss of {len(self.legs)} rates"
        for end, words in ((self.legs[0], "smallest"), (self.legs[-1], "largest")):
            if best is end and len(self.legs) > 1:
                reason += f"; it is the {words} one tried, so a {words[:-3]}er one may be better"
        return (*rows, Decision("learning_rate", self.rate, reason, {"score": best.score}))

    def __repr__(self) -> str:
        """Return the choice in one line."""
        return f"<fanin.RateCurve: {self.rate:g} of {', '.join(f'{leg.rate:g}' for leg in self.legs)}>"


def find_rate(
    net: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    rule: Rule | str | None = None,
    rates: Sequence[float] | None = None,
    epochs: int = 10,
    batch_size: int | None = None,
    batches: BatchesName = "shuffled",
    sample_weight: ArrayLike | None = None,
    validation_data: ValidationData | None = None,
    validation_fraction: float | None = None,
    max_steps: int | None = None,
) -> RateCurve:
    """Find the learning rate for a fit with these arguments by a race of five rates; the network does not change.

    Each rate trains a copy of the network, all side by side, from the same weights and in the same order of samples:
    5 % of the steps of the fit (at least 2) at a constant rate, and a fifth of that while the rate falls to 0. (A
    lower rate would look better only because it fluctuates less; so rates are compared after they were turned down.)
    The lowest loss on the validation data wins; without validation data, a tenth of the samples, chosen by the seed of
    the network, has weight 0 in the race and judges it. A rate is out if its loss is not finite or above that of the
    start; ties go to the smaller rate. Together the rates take at most about a third of the steps of the fit.

    `Network.fit` with the rate "auto" runs this race, and then trains with the resulting rule.

    Parameters
    ----------
    net : Network
        As it is before the fit.
    X, y, epochs, batch_size, batches, sample_weight, validation_data, validation_fraction, max_steps
        As in `Network.fit`.
    rule : Rule or str, optional
        As in `Network.fit`; its learning rate has no influence.
    rates : sequence of float, optional
        The rates to try. By default 0.0003, 0.001, 0.003, 0.01 and 0.03 for Adam and its variants, ten times these for
        `Adagrad`, and 0.0001 to 0.01 for `RMSprop`, times 1 - momentum. For `SGD`, `Momentum` and `Nesterov` the middle
        one is ``(1 - momentum) / (2 lambda_max)``, rounded to a 1 or 3 of its decade, with lambda_max the largest
        curvature of the loss on 1,000 samples, by 10 power steps.

    Returns
    -------
    RateCurve
        ``curve.rule`` is the rule for the fit; `plot.rates` draws the curve.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does; for a rule that "auto" does not support; if the network continues with the state of this
        kind of rule; and if every rate is out, with the reasons.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> curve = fanin.find_rate(net, X, X**2, rule=fanin.optim.Adam("auto"), epochs=50)
    >>> [leg.rate for leg in curve.legs]
    [0.0003, 0.001, 0.003, 0.01, 0.03]
    >>> history = net.fit(X, X**2, rule=curve.rule, epochs=50)
    """
    check_model(net)
    rule = rule_of_fit(rule).at_rate("auto")
    if rates is not None:
        rates = check_sequence("rates", rates, "a list of numbers")
        for i, rate in enumerate(rates):
            check_number(f"rates[{i}]", rate, above=0)
        if not rates:
            raise ValueError("rates: expected at least one number, got none")
    settings = Settings(
        rule=rule,
        epochs=epochs,
        batch_size=batch_size,
        batches=batches,
        sample_weight=sample_weight,
        validation_data=validation_data,
        validation_fraction=validation_fraction,
        max_steps=max_steps,
    )
    if epochs < 1:
        raise ValueError(f"epochs: expected at least 1, got {epochs}")
    return _race(net, X, y, settings, rates)


def open_resolved(net: Network, X: ArrayLike, y: ArrayLike, settings: Settings) -> tuple[Fit, Closing]:
    """Resolve the learning rate "auto" by a race, then check the data of the fit as `open_fit` does."""
    settings, decisions = resolved(net, X, y, settings)
    fit, opened = open_fit(net, X, y, settings)
    fit.history.decisions = decisions
    return fit, opened


def resolved(
    net: Network, X: ArrayLike, y: ArrayLike, settings: Settings
) -> tuple[Settings, tuple[Decision, ...]]:
    """Return the settings with the rate that a race chooses if it is "auto", and the decisions of that race."""
    if settings.rule.rate != "auto":
        return settings, ()
    if settings.most_epochs() < 1:
        return replace(settings, rule=settings.rule.at_rate(0.0)), ()
    curve = _race(net, X, y, replace(settings, diagnose=False))
    return replace(settings, rule=curve.rule), curve.decisions


def _race(
    net: Network, X: ArrayLike, y: ArrayLike, settings: Settings, rates: Sequence[float] | None = None
) -> RateCurve:
    rule: Rule = settings.rule
    if settings.max_time is not None:
        raise ValueError(
            'max_time: expected None with the learning rate "auto", which needs to know the number of steps'
        )
    if continues(net, rule):
        raise ValueError(
            f"learning_rate: expected a number or a schedule, because this network continues with the state of "
            f'{rule.kind}, got "auto"'
        )
    _, opened = open_fit(net, X, y, replace(settings, rule=rule.at_rate(0.0)))  # all checks
    data, validation, names = data_of(net, X, y, settings)
    with opened as training:
        per_epoch = steps_per_epoch(net, training.rows, settings, longest(data[0]))
    whole = settings.most_epochs() * per_epoch
    if settings.max_steps is not None:
        whole = min(whole, int(settings.max_steps))
    if rates is None:
        rates = rates_around(middle_rate(adapted(net, data), data, rule))
    if validation is None:
        data, apart = hold_out(data, net.seed)
        validation = Validation(net, apart, names)
    start = validation.evaluate(adapted(net, data))[0]
    legs = _trained(
        net, data, settings, sorted({float(rate) for rate in rates}), whole, per_epoch, validation
    )
    best = _best(legs, start)
    chosen = tuple(leg if leg.reason else replace(leg, reason=_reason(leg, best, start)) for leg in legs)
    whole_fit = Cosine(best.rate, steps=whole)
    return RateCurve(rule.at_rate(whole_fit), best.rate, chosen, start)


def _trained(
    net: Network,
    data: tuple[Any, ...],
    settings: Settings,
    rates: Sequence[float],
    whole: int,
    per_epoch: int,
    validation: Validation,
) -> list[Leg]:
    """Return the legs of a race, in the order of the rates; those that diverged have their reason."""
    constant = max(2, round(0.05 * whole))
    falling = max(1, round(constant / 5))
    X, y, weights = data
    steps = constant + falling
    rule: Rule = settings.rule
    if isinstance(rule, Around):  # an average of the weights would favour rates that are too high
        rule = replace(rule, average_decay=0.0, average_share=0.0)
    same = "batch_size", "batches", "order_seed", "class_weight", "truncation"
    common = {name: getattr(settings, name) for name in same}
    common |= {"epochs": -(-steps // per_epoch), "sample_weight": weights, "max_steps": steps}
    forks = [net.copy() for _ in rates]
    rules = [rule.at_rate(constant_then_falling(rate, constant, falling)) for rate in rates]
    members = [(fork, X, y, {"rule": rule, **common}) for fork, rule in zip(forks, rules, strict=True)]
    legs = []
    for rate, fork, history in zip(rates, forks, train_together(members, on_error="return"), strict=True):
        if isinstance(history, DivergedError):
            legs.append(Leg(rate, (), (), math.nan, f"out: {history}"))
            continue
        if isinstance(history, Exception):
            raise history
        ends = tuple(min(steps, per_epoch * (k + 1)) for k in range(len(history.loss)))
        legs.append(Leg(rate, ends, tuple(history.loss), validation.evaluate(fork)[0], ""))
    return legs


def _best(legs: Sequence[Leg], start: float) -> Leg:
    """Return the leg with the lowest score, the smallest rate of those; ValueError if all are out."""
    running = [leg for leg in legs if not _fault(leg, start)]
    if not running:
        reasons = "; ".join(f"{leg.rate:g}: {_fault(leg, start)}" for leg in legs)
        raise ValueError(f'learning_rate: "auto": none of {len(legs)} rates improves on the start: {reasons}')
    return min(running, key=lambda leg: leg.score)


def _fault(leg: Leg, start: float) -> str:
    """Return why a leg is out; empty if it is not."""
    if leg.reason:
        return leg.reason
    if not math.isfinite(leg.score):
        return f"out: its loss is {leg.score}"
    return (
        f"out: its loss {leg.score:.4g} is above {start:.4g}, that of the start" if leg.score > start else ""
    )


def _reason(leg: Leg, best: Leg, start: float) -> str:
    if leg is best:
        return "the lowest loss"
    return (
        _fault(leg, start) or f"its loss {leg.score:.4g} is not below {best.score:.4g}, that of {best.rate:g}"
    )
