"""
A forecast of two seasons
=========================

An hourly series made by a formula: a slow trend, days whose swing is smaller at weekends, and noise that fades by a
tenth an hour (row 69 of :doc:`the textbook </textbook>`). After every hour a GRU forecasts the next 24. It sees the
value, and hour and weekday as angles; values and targets are those above the mean of the last week, which removes the
trend. Sequences of four weeks are trained on in windows of one week, with the state carried on: ``truncation=168``.
The naive forecast is the value a week before; the limit is the error of the formula, which does not know the noise to
come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim

DAY, WEEK, KEPT, NOISE = 24, 168, 0.9, 1.0
LEADS, SHOWN = np.arange(1, DAY + 1), 3 * DAY  # hours ahead, and in the picture


def series(weeks: int) -> np.ndarray:
    """Return a value for each hour."""
    hour = np.arange(weeks * WEEK)
    weekend = hour % WEEK >= 5 * DAY
    day = 10 * np.sin(2 * np.pi * hour / DAY - 2) + 4 * np.sin(4 * np.pi * hour / DAY)
    shocks = np.random.default_rng(0).normal(scale=NOISE, size=len(hour))
    noise = np.zeros(len(hour))
    for t in range(1, len(hour)):
        noise[t] = KEPT * noise[t - 1] + shocks[t]
    return 100 + 0.005 * hour + np.where(weekend, 0.4, 1) * day - 6 * weekend + noise


def features(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return X and the next 24 values, above the mean of the last week; these means; and the naive forecast."""
    hours = np.arange(WEEK, len(values) - DAY)
    means = np.convolve(values, np.full(WEEK, 1 / WEEK))[hours]
    angles = [2 * np.pi * hours / period for period in (DAY, DAY / 2, WEEK, WEEK / 2)]
    X = np.stack([values[hours] - means, *map(np.sin, angles), *map(np.cos, angles)], axis=1)
    ahead = hours[:, None] + LEADS
    return X, values[ahead] - means[:, None], means, values[ahead - WEEK]


def run(weeks: int = 60, epochs: int = 100) -> dict[str, Any]:
    """Return the errors of each forecast by hours ahead, MASE, and the last days as forecast 24 hours before."""
    X, y, means, naive = features(series(weeks))
    held_back, length = 8 * WEEK, 4 * WEEK  # the last weeks are the test
    count = (len(X) - held_back) // length
    train = slice(len(X) - held_back - count * length, len(X) - held_back)
    scale = y[train].std()
    inputs = X / [scale, *[1] * (X.shape[1] - 1)]
    net = fanin.Network(X.shape[1], [fanin.GRU(32, return_sequences=True), fanin.Dense(DAY)], seed=0)
    sequences = inputs[train].reshape(count, length, -1), (y[train] / scale).reshape(count, length, DAY)
    rule = optim.Around(optim.Adam(optim.Cosine(0.01)), clip_norm=1.0)
    net.fit(*sequences, rule=rule, epochs=epochs, batch_size=8, truncation=WEEK)
    predicted = scale * net.predict(inputs[None])[0] + means[:, None]
    truth, test = y + means[:, None], slice(-held_back, None)
    in_sample = np.abs(truth - naive)[train].mean()
    errors = {"seasonal naive": truth - naive, "GRU": truth - predicted}
    return {
        "rmse": {name: np.sqrt(np.square(of[test]).mean(axis=0)) for name, of in errors.items()},
        "mase": {name: float(np.abs(of[test]).mean() / in_sample) for name, of in errors.items()},
        "limit": NOISE * np.sqrt((1 - KEPT ** (2 * LEADS)) / (1 - KEPT**2)),
        "shown": {name: (truth - of)[-SHOWN:, -1] for name, of in {"truth": 0 * truth, **errors}.items()},
    }


def show(result: dict[str, Any]) -> None:
    rows = ([name, *of[[0, 5, 23]], result["mase"][name]] for name, of in result["rmse"].items())
    limit = ["limit", *result["limit"][[0, 5, 23]], ""]
    table(["RMSE of hours ahead", "1", "6", "24", "MASE"], [*rows, limit])


def draw(result: dict[str, Any]) -> Any:
    figure, (left, right) = panels("RMSE by hours ahead", "The last three days, forecast 24 hours before")
    for (name, of), colour in zip(result["rmse"].items(), COLOURS, strict=False):
        left.plot(LEADS, of, color=colour, label=f"{name}, MASE {result['mase'][name]:.2f}")
        right.plot(result["shown"][name], color=colour, linewidth=1, label=name)
    left.plot(LEADS, result["limit"], color=GREY, linestyle=":", label="limit")
    right.plot(result["shown"]["truth"], color=GREY, linestyle=":", label="truth")
    left.set_ylim(0, None)
    for axes, words in ((left, "hours ahead"), (right, "hours")):
        axes.set_xlabel(words)
        axes.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The errors of the GRU, from 1.0 for one hour to 2.3 for 24, are those of the limit; that of the naive forecast is
# 3.3. MASE, the mean absolute error relative to the naive one's in training, is 0.56 and 0.93. Training takes a
# second.
