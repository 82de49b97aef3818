"""A deep autoencoder learns from a random start, without pretraining, better than PCA: four ways to train it.

Rows 44 and 71 of docs/textbook.md. Hinton and Salakhutdinov's net (2006), 784-1000-500-250-30 and back, with logistic
units, a linear code and the cross-entropy of pixels, on 6,000 images of Debian's dataset-fashion-mnist. Units start
with 15 connections (Martens 2010), and no layer is trained before the others. By time: SGD, Nesterov momentum with
Sutskever's schedule (2013), and of all rows L-BFGS and Hessian-free. The error is that of training, over 784 pixels.

    python docs/examples/deep_autoencoder.py deep_autoencoder.png --minutes 10
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim
from fanin.demo import builtin_data, idx

METHODS: dict[str, tuple[Any, dict[str, int]]] = {
    "SGD": (optim.SGD(0.02), {"batch_size": 200}),
    "Nesterov": (optim.Nesterov(0.006, optim.SutskeverMomentum(0.99)), {"batch_size": 200}),
    "L-BFGS": (optim.LBFGS(), {}),
    "Hessian-free": (optim.HessianFree(), {}),
}


class Watch:
    """The squared error of an image by seconds of training, without the time that measuring takes."""

    def __init__(self, net: fanin.Network, X: np.ndarray, limit: float) -> None:
        self.X, self.limit, self.begin = X, limit, time.perf_counter()
        self.seconds: list[float] = []
        self.errors: list[float] = []
        self.measure(net)

    def now(self) -> float:
        return time.perf_counter() - self.begin

    def measure(self, net: fanin.Network) -> None:
        self.seconds.append(self.now())
        self.errors.append(float(np.square(net.predict(self.X) - self.X).sum(axis=1).mean()))
        self.begin += self.now() - self.seconds[-1]

    def __call__(self, net: fanin.Network, epoch: int, logs: Any) -> bool:
        if self.now() >= 1.05 * self.seconds[-1] + self.limit / 500:
            self.measure(net)
        return self.now() >= self.limit


def autoencoder(sizes: tuple[int, ...]) -> fanin.Network:
    layers = []
    for place, (inputs, units) in enumerate(pairwise(sizes + sizes[-2::-1]), 1):
        activation = "identity" if place in (len(sizes) - 1, 2 * len(sizes) - 2) else "logistic"
        layers.append(fanin.Dense(units, activation, fanin.initializers.Sparse(min(15, inputs))))
    return fanin.Network(sizes[0], layers, "logistic", seed=1)


def run(
    minutes: float = 10.0, X: Any = None, hidden: tuple[int, ...] = (1000, 500, 250, 30), epochs: int = 10**6
) -> tuple[float, dict[str, Watch]]:
    """Return the error of PCA with as many components as the code has units, and each method's by seconds."""
    if X is None:
        X = idx.read_pair(builtin_data.FASHION_FOLDER, "train")[0][:6_000]
    spectrum = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    watches = {}
    for name, (rule, options) in METHODS.items():
        net = autoencoder((X.shape[1], *hidden))
        watches[name] = Watch(net, X, 60 * minutes)
        net.fit(X, X, rule=rule, epochs=epochs, callbacks=[watches[name]], **options)
        watches[name].measure(net)
    return float(np.square(spectrum[hidden[-1] :]).sum() / len(X)), watches


def show(result: tuple[float, dict[str, Watch]]) -> None:
    pca, watches = result
    rows = ([name, of.errors[0], of.errors[-1], of.seconds[-1] / 60] for name, of in watches.items())
    table(["squared error of an image", "start", "end", "minutes"], [*rows, ["PCA", "", pca, ""]])


def draw(result: tuple[float, dict[str, Watch]]) -> Any:
    pca, watches = result
    figure, (axes,) = panels("Training squared error of an image, by minutes")
    for (name, of), colour in zip(watches.items(), COLOURS, strict=False):
        axes.plot(np.divide(of.seconds, 60), of.errors, color=colour, label=name)
    axes.axhline(pca, color=GREY, linestyle=":", linewidth=1, label="PCA with as many numbers")
    axes.set(yscale="log", xlim=(0, None), yticks=(5, 10, 20, 50, 100, 200))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=9)
    return figure


if __name__ == "__main__":
    main(run, show, draw, __doc__, minutes=10.0)
