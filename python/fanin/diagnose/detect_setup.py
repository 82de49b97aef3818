"""Facts about the description of a fit that are wrong whatever it measures: loss, outputs, penalties, order of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from fanin.diagnose.described import reach, with_last_activation
from fanin.diagnose.detect_penalty import strong_penalty
from fanin.diagnose.detect_start import bad_start, identical_units
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, Severity
from fanin.diagnose.remedy import Remedy
from fanin.layers import Activation, BatchNorm, Dense, Dropout, Layer, Residual, columns_through
from fanin.losses import Gamma, Logistic, Loss, Poisson, SoftmaxCrossEntropy
from fanin.optim import Cosine, Schedule, Solver
from fanin.training.early_decay import STEADY, DecayWatch
from fanin.training.fitting import continues

if TYPE_CHECKING:
    from fanin.network import Network

_DROPPED = 0.7  # share of values, above it
_DROPPED_INPUTS = 0.5  # from it
_SORTED = 0.5  # `Target.neighbours`
_FEWEST_ROWS = 20


def set_up(evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the description of the network and the arguments of the fit."""
    for detector in (
        wrong_loss,
        wrong_output,
        no_nonlinearity,
        bad_start,
        identical_units,
        strong_penalty,
        strong_dropout,
        sorted_batches,
        early_decay,
    ):
        yield from detector(evidence)


def wrong_loss(evidence: Evidence) -> Iterator[Finding]:
    """Find targets that are classes, under a loss for numbers."""
    net, target = evidence.start, evidence.target
    if target.kind not in ("classes", "one_hot", "binary"):
        return
    if isinstance(net._loss, SoftmaxCrossEntropy | Poisson | Gamma):  # few different counts look like classes
        return
    count = target.columns if target.classes is None else len(target.classes)
    linear = with_last_activation(net.layers, "identity")
    severity: Severity = "fault"
    if isinstance(net._loss, Logistic):
        if target.kind != "one_hot":
            return
        severity, remedy = "warning", _change("use the loss for classes", linear, SoftmaxCrossEntropy())
        what, loss = f"each row is one of {count} classes", f"{net.loss}, which takes outputs as independent"
    else:
        loss = f"{net.loss}, which is for numbers"
        if target.kind == "binary":
            what = f"the targets are only {target.low:g} and 1"
            severity, remedy = "warning", _change("use the loss for two classes", linear, Logistic())
            remedy = remedy if target.low == 0 else None
        elif target.kind == "one_hot":
            what = f"the targets are rows of 0 with a single 1, for {count} classes"
            remedy = _change("use the loss for classes", linear, SoftmaxCrossEntropy())
        else:
            what = f"the targets are the numbers of {count} classes, 0 to {count - 1}"
            action = "use an output for each class and the loss for classes"
            remedy = _change(action, _with_outputs(net, count), SoftmaxCrossEntropy())
    yield Finding("wrong_loss", f"{what}, but the loss is {loss}", count, 2, severity=severity, remedy=remedy)


def _change(action: str, layers: tuple[Layer, ...] | None, loss: Loss | None = None) -> Remedy | None:
    """Return the remedy with these layers, or None if there are none."""
    return None if layers is None else Remedy(action, layers=layers, loss=loss)


def _with_outputs(net: Network, units: int) -> tuple[Layer, ...] | None:
    """Return the layers with so many linear outputs, if the last layer is dense."""
    *before, last = net.layers
    if isinstance(last, Activation) and before and isinstance(before[-1], Dense):
        last = before.pop()
    return (*before, Dense(units)) if isinstance(last, Dense) else None


def wrong_output(evidence: Evidence) -> Iterator[Finding]:
    """Find activations of the outputs that cannot reach the targets, or that come before a soft-max or the like."""
    net, target = evidence.start, evidence.target
    last = net.layers[-1]
    activation = last.activation if isinstance(last, Dense | Activation) else "identity"
    if activation == "identity":
        return
    low, high = reach(activation)
    if net._loss._link != "identity":
        number = float(low > -math.inf or high < math.inf)
        severe = number == 1
        message = f"{activation} comes before {net.loss}, which applies a function of its own to the outputs"
        if severe:
            message += f": they stay {_between(low, high)}"
    else:
        number = max(low - target.low, target.high - high)
        if not number > 0:
            return
        severe = number > target.deviation
        message = (
            f"{activation} gives outputs {_between(low, high)}, "
            f"but the targets are between {target.low:.3g} and {target.high:.3g}"
        )
    remedy = _change("make the outputs linear", with_last_activation(net.layers, "identity"))
    layer, severity = f"layer{len(net.layers)}", _severity(severe)
    yield Finding("wrong_output", message, number, 0, layer=layer, severity=severity, remedy=remedy)


def _between(low: float, high: float) -> str:
    if high == math.inf:
        return f"of at least {low:g}"
    return f"between {low:g} and {high:g}"


def _severity(severe: bool) -> Severity:
    return "fault" if severe else "warning"


def no_nonlinearity(evidence: Evidence) -> Iterator[Finding]:
    """Find dense layers that follow each other without an activation between them."""
    pairs = list(_linear_pairs(evidence.start))
    layers = list(evidence.start.layers)
    for first, _ in pairs:
        layers[first] = replace(cast(Dense, layers[first]), activation="relu")
    remedy = Remedy("put an activation between them", layers=tuple(layers))
    for first, second in pairs:
        message = f"layer{first + 1} and layer{second + 1} have no nonlinearity between them"
        yield Finding("no_nonlinearity", message, 0, 1, layer=f"layer{first + 1}", remedy=remedy)


def _linear_pairs(net: Network) -> Iterator[tuple[int, int]]:
    """Yield the places of dense layers with only linear layers between them."""
    columns = columns_through(net.n_inputs, net.layers)
    before: tuple[int, int, int] | None = None  # place, inputs and units of the one before
    for place, layer in enumerate(net.layers):
        if isinstance(layer, Dense):
            # fewer units than inputs and outputs would limit the rank, as a code does
            if before is not None and before[2] >= min(before[1], layer.units):
                yield before[0], place
            before = (place, columns[place], layer.units) if layer.activation == "identity" else None
        elif not isinstance(layer, Dropout | BatchNorm):
            before = None


def strong_dropout(evidence: Evidence) -> Iterator[Finding]:
    """Find layers that drop most values, or half of the inputs."""
    layers = evidence.start.layers
    hidden = False
    for place, layer in enumerate(layers):
        if isinstance(layer, Dropout):
            most = _DROPPED if hidden else _DROPPED_INPUTS
            if layer.rate > most or (not hidden and layer.rate == most):
                what = "values" if hidden else "inputs"
                less = Dropout(0.2 if hidden else 0.1)
                remedied = tuple(
                    less if isinstance(other, Dropout) and other.rate >= layer.rate else other
                    for other in layers
                )
                yield Finding(
                    "strong_dropout",
                    f"layer{place + 1} drops {layer.rate:.0%} of the {what}",
                    layer.rate,
                    most,
                    layer=f"layer{place + 1}",
                    remedy=Remedy(f"drop {less.rate:.0%}", layers=remedied),
                )
        hidden = hidden or isinstance(layer, Dense | Residual)


def sorted_batches(evidence: Evidence) -> Iterator[Finding]:
    """Find batches in the order of rows that are sorted by their targets."""
    target = evidence.target
    in_order = evidence.settings.batches == "in_order" and not isinstance(evidence.settings.rule, Solver)
    mixed = evidence.steps_per_epoch == 1 or target.rows < _FEWEST_ROWS or target.neighbours <= _SORTED
    if in_order and not mixed:
        message = (
            f"batches are in order, but neighbouring rows have similar targets: {target.neighbours:.0%} "
            "of the way from random order to sorted"
        )
        remedy = Remedy("shuffle the rows", fit={"batches": "shuffled"})
        yield Finding("sorted_batches", message, target.neighbours, _SORTED, remedy=remedy)


def early_decay(evidence: Evidence) -> Iterator[Finding]:
    """Find a schedule that turned the rate down while the loss was still falling steadily."""
    rule, history = evidence.settings.rule, evidence.history
    if isinstance(rule, Solver) or not isinstance(rule.rate, Schedule) or continues(evidence.start, rule):
        return
    watch = DecayWatch(rule.rate, evidence.steps_per_epoch, evidence.settings.most_epochs())
    if drop := watch.first_drop(history.loss):
        remedy = Remedy("turn the rate down later", fit={"rule": rule.at_rate(Cosine(drop.rate))})
        yield Finding(
            "early_decay", f"learning rate: {drop}", drop.t, STEADY, epoch=drop.epoch, remedy=remedy
        )
