"""Diagnoses of fits that never ran, for what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import fanin
from fanin.diagnose import Curve, Finding, Proof, Remedy
from fanin.training.settings import Settings
from fanin.training.watched import Watched

HOSTILE = '<script>alert("1")</script> & \x1b[31m\n'  # the name of a column


@dataclass(frozen=True)
class MadeUp:
    """What a `Diagnosis` or, with figures, an `Examination` has."""

    findings: tuple[Finding, ...]
    start: fanin.Network
    settings: Settings | None = None
    history: fanin.History | None = None
    watched: Watched | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    place: str = ""


def network(*hidden: int) -> fanin.Network:
    layers = [fanin.Dense(units, "logistic") for units in hidden]
    return fanin.Network(4, [*layers, fanin.Dense(3)], "softmax_cross_entropy", seed=0)


def history_of(epochs: int, *, validates: bool = True) -> fanin.History:
    history = fanin.History("accuracy", validates=validates)
    for epoch in range(epochs):
        share = epoch / max(epochs - 1, 1)
        loss = 1.1 * 0.2**share + (0.4 if epoch == 12 else 0)
        figures = {"loss": loss, "learning_rate": 0.01 * 0.9**epoch, "seconds": 0.01}
        validated = {"val_loss": loss + 0.3 * share**2, "val_accuracy": 0.8}
        history.append({**figures, **(validated if validates else {})})
    return history


def watched_of(net: fanin.Network, epochs: int, records: int, *, value: float | None = None) -> Watched:
    """Figures that change smoothly from record to record; or all of them the same."""
    random = np.random.default_rng(0)
    arrays = tuple(net.get_weights())
    layers = ("inputs", *dict.fromkeys(name.rpartition(".")[0] for name in arrays))
    time = np.linspace(0, 1, records)[:, None]

    def figures(low: float, high: float, count: int = len(layers)) -> Any:
        if value is not None:
            return np.full((records, count), value)
        return low * (high / low) ** (time * (1 + 0.3 * random.random(count)))

    def of_units(low: float, high: float) -> Any:
        shares = figures(low, high)
        shares[:2] = np.nan  # before two windows of rows
        return np.clip(shares, 0, 1)

    gradients = figures(0.01, 1e-4) * 10.0 ** np.arange(-len(layers), 0)
    gradients[:, 0] = np.nan
    loss = figures(1.1, 0.2, 1)[:, 0]
    return Watched(
        every=8,
        epochs=np.linspace(1, epochs, records).round().astype(int)
        if records > 1
        else np.full(records, epochs),
        steps=np.linspace(1, epochs, records).round().astype(int) * 32,
        first_loss=1.1,
        loss=loss,
        loss_deviation=0.1 * loss,
        highest_loss=1.5 * loss,
        highest_step=np.arange(records) * 32 + 7,
        layers=layers,
        mean=figures(0.02, 0.3) * np.where(np.arange(len(layers)) % 2, -1, 1),
        deviation=figures(1.0, 0.4),
        spread=figures(0.9, 0.3),
        dead=of_units(0.05, 0.6),
        saturated=of_units(0.02, 0.9),
        gradient_of_layer=gradients,
        arrays=arrays,
        gradient=figures(0.01, 1e-3, len(arrays)),
        weight=figures(0.3, 0.8, len(arrays)),
        update=figures(1e-3, 1e-6, len(arrays)),
        cosine=figures(0.5, 0.1, 1)[:, 0],
    )


def curve(last: float, epochs: int = 20) -> Curve:
    losses = tuple(1.1 * (last / 1.1) ** (epoch / epochs) for epoch in range(1, epochs + 1))
    return Curve(losses, tuple(1.05 * loss for loss in losses), last)


PROVED = Proof(curve(0.69), curve(0.21), "loss", 0.48, 0.021, 300)
NO_BETTER = Proof(curve(0.69), curve(0.70, 30), "error rate", -0.01, 0.02, 300)
DIVERGED = Proof(
    curve(0.69), curve(float("nan"), 2), "loss", float("nan"), float("nan"), 300, reason="diverged"
)


def findings_of(net: fanin.Network) -> tuple[Finding, ...]:
    slower = Remedy("lower the rate to 0.001", fit={"rule": fanin.optim.Adam(0.001)})
    rectified = tuple(fanin.Dense(layer.units, "leaky_relu") for layer in net.layers[:-1])
    leaky = Remedy("let the units leak", layers=(*rectified, net.layers[-1]))
    without = Remedy("leave the column out", drop_columns=(2,))
    return (
        Finding(
            *("saturated_units", "90 % of the units of layer2 are saturated.", 0.9, 0.5),
            layer="layer2",
            epoch=3,
            step=120,
            remedy=leaky,
            proof=PROVED,
        ),
        Finding(
            *("spike", "The loss of the batch of step 407 is 8.1 deviations above the mean.", 8.1, 5.0),
            epoch=13,
            step=407,
            severity="warning",
            remedy=slower,
            proof=NO_BETTER,
        ),
        Finding("oscillation", "Steps reverse.", -0.5, -0.3, epoch=13, remedy=slower, proof=DIVERGED),
        Finding("leak", f"The column {HOSTILE} alone reaches an AUC of 0.999.", 0.999, 0.995, remedy=without),
        Finding("early_decay", "The rate fell while the loss still did.", 2.0, 1.0, severity="warning"),
    )


def diagnosed(*, epochs: int = 20, records: int = 20) -> MadeUp:
    """A fit of three layers with every kind of finding: proved, tried in vain, and not tried."""
    net = network(8, 6)
    settings = Settings(rule=fanin.optim.Adam(0.01), epochs=epochs)
    watched = watched_of(net, epochs, records)
    return MadeUp(findings_of(net), net, settings, history_of(epochs), watched)


def healthy() -> MadeUp:
    net = network(8)
    return MadeUp((), net, Settings(epochs=20), history_of(20), watched_of(net, 20, 20))


def examined() -> MadeUp:
    net = network(8, 6)
    figures = {"redundancy": 0.9123, "noise_scale": 812.5, "largest_curvature": float("nan"), HOSTILE: 1e-7}
    return MadeUp(findings_of(net)[3:4], net, figures=figures, place="saddle")


def solved() -> MadeUp:
    """A fit by a solver, which is not watched."""
    history = history_of(5, validates=False)
    return MadeUp((), network(8), Settings(rule=fanin.optim.LBFGS()), history)


def diverged() -> MadeUp:
    """One epoch without a hidden layer, in which nothing is a number."""
    net = network()
    history = fanin.History("accuracy", validates=True)
    nan = float("nan")
    history.append(dict.fromkeys(("loss", "val_loss", "val_accuracy", "learning_rate", "seconds"), nan))
    finding = Finding("divergence", "The loss is not finite.", nan, 3.3, epoch=1, step=1)
    return MadeUp((finding,), net, Settings(epochs=1), history, watched_of(net, 1, 1, value=nan))


def stopped_at_once() -> MadeUp:
    """No epoch has ended."""
    net = network(8)
    return MadeUp((), net, Settings(epochs=0), fanin.History("accuracy"), watched_of(net, 0, 0))


EDGES = {
    "healthy": healthy,
    "solved": solved,
    "diverged": diverged,
    "stopped at once": stopped_at_once,
    "long": lambda: diagnosed(epochs=3000, records=1000),
    "examined": examined,
}
