"""fanin, called from Python."""

import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fanin
from bench import data
from bench.advice import Roads
from bench.cases import (
    FASHION_RATE,
    SMALL,
    Batch,
    Columns,
    DataSet,
    Elements,
    Estimator,
    Net,
    Product,
    Updates,
)
from bench.coded import Coded
from bench.pool import THREAD_VARIABLES
from bench.rules import CLASSES, traits
from bench.workers import curvature as of_curvature
from bench.workers import search as of_search
from bench.workers.serve import Task, microseconds
from fanin import _core, optim
from fanin import functional as F
from fanin.layers import BY_NAME

VERSION = fanin.__version__


def build(net: Net, start: bool = True) -> fanin.Network:
    """The net with the weights that every library starts from, or its own."""
    kind = partial(fanin.Dense, activation=net.activation, batch_norm=net.batch_norm)
    hidden = [kind(units) for units in net.sizes[1:-1]]
    network = fanin.Network(net.sizes[0], [*hidden, fanin.Dense(net.sizes[-1])], loss=net.loss, seed=0)
    if start:
        weights = network.get_weights()
        for layer, (weight, bias) in enumerate(data.weights(net), 1):
            named = {f"layer{layer}.weight": weight, f"layer{layer}.bias": bias}
            weights |= {name: named[name] for name in named.keys() & weights}
        network.set_weights(weights)
    return network


def fit(network: fanin.Network, net: Net, x: Any, y: Any, **settings: Any) -> Any:
    """One epoch with the net's rule where nothing else is said."""
    usual = {"rule": CLASSES[net.rule](), "epochs": 1, "batch_size": net.batch}
    return network.fit(x, y, **usual | settings)


def steps(net: Net) -> Iterator[Task]:
    network, n, (x, y) = build(net), net.batch, data.samples(net)

    def check() -> list[float]:
        # the losses of the epochs, for which a batch is normalized by its own statistics
        return fit(network, net, x[:n], y[:n], epochs=net.check_steps + 1).loss

    yield Task("training", partial(fit, network, net, x, y), check=check, per=net.steps)


def coded_rows(net: Coded) -> fanin.CodedRows:
    numbers = net.sizes[0]
    centre = np.full(numbers * net.bins, 0.5)
    return fanin.CodedRows(*data.codes(net), [("piecewise", net.bins)] * numbers, centre)


def codes(net: Coded) -> Iterator[Task]:
    """Steps on codes, and on the array that they stand for."""
    rows, y = coded_rows(net), data.samples(net)[1]
    of_columns = replace(net, sizes=(net.columns, *net.sizes[1:]))
    for column, x in (("fanin", rows), ("dense form", rows.toarray())):
        network, first = build(of_columns), x[: net.batch]
        check = partial(fit, network, net, first, y[: net.batch], epochs=net.check_steps + 1)
        yield Task(
            "step", partial(fit, network, net, x, y), column, check=lambda c=check: c().loss, per=net.steps
        )


def predict(net: Net) -> Iterator[Task]:
    yield Task("predict", partial(build(net).predict, data.samples(net)[0]))


def functional(product: Product) -> Iterator[Task]:
    """Row-major operands; the gradients by the chain rule, written out."""
    a, w, dz = data.operands(product)
    b, out = np.ones(w.shape[1], np.float32), np.empty_like(dz)

    def with_gradients() -> list[Any]:
        z = F.dense(a, w, b)
        return [F.activation(z, "relu"), *F.dense_backward(F.activation_backward(dz, z, "relu"), a, w)]

    yield Task("product", lambda: F.dense(a, w, out=out))
    yield Task("layer", lambda: F.dense(a, w, b, activation="relu"))
    yield Task("layer and gradients", with_gradients)


def activations(elements: Elements) -> Iterator[Task]:
    """Into new arrays, as PyTorch does it."""
    name = elements.activation
    z, da = data.elements(elements.count)
    yield Task("value", lambda: F.activation(z, name))
    yield Task("value and gradient", lambda: [F.activation(z, name), F.activation_backward(da, z, name)])


def batch_norm(batch: Batch) -> Iterator[Task]:
    """Into new arrays, as the peers do it."""
    x, dy, gamma, beta = data.normalized(batch)

    def with_gradients() -> list[Any]:
        y, cache = F.batch_norm(x, gamma, beta)
        return [y, *F.batch_norm_backward(dy, cache)]

    yield Task("batch norm", lambda: F.batch_norm(x, gamma, beta)[0])
    yield Task("batch norm and gradients", with_gradients)


def inputs(case: Columns) -> Iterator[Task]:
    """All checks of the values included."""
    x = data.columns(case)
    network = fanin.Network(case.columns, [BY_NAME[case.layer](), fanin.Dense(1)])

    def check() -> list[float]:
        network.adapt(x)
        return [data.mean_size(network.first_inputs(x[:1000]))]

    yield Task("learn", lambda: network.adapt(x), check=check)


def sklearn_face(case: Estimator) -> Iterator[Task]:
    """Of small nets also a search on two processes or threads, over one after the other."""
    import joblib
    from sklearn.model_selection import GridSearchCV

    from bench.workers import estimators  # here, since scikit-learn need not be installed
    from fanin.sklearn import MLPClassifier

    yield from estimators.tasks(MLPClassifier, case)
    if case.like is None or case.like.sizes != SMALL or _core.num_threads() < 2:
        return
    x, y = estimators.labelled(case)
    model = MLPClassifier(case.hidden, batch_size=case.batch, max_iter=case.epochs, random_state=0)
    grid = {"alpha": [1e-5, 1e-4, 1e-3, 1e-2], "learning_rate_init": [1e-3, 1e-2]}

    for variable in THREAD_VARIABLES:  # which joblib would leave to its processes
        os.environ.pop(variable, None)

    def search(backend: str, jobs: int) -> float:
        search = GridSearchCV(model, grid, cv=2, n_jobs=jobs)
        with joblib.parallel_config(backend):
            return microseconds(lambda: search.fit(x, y))

    def times(backend: str, _: float) -> float:
        search(backend, 2)  # starts the processes
        return search(backend, 1) / search(backend, 2)

    for backend in ("loky", "threading"):
        yield Task(f"search, {backend}", measure=partial(times, backend))


def rules(case: Updates) -> Iterator[Task]:
    """One call steps all arrays."""
    w, g = data.weights_and_gradients(case)
    inputs = {"second_gradients": g} if traits(case.rule).second else {}
    step = partial(optim.Optimizer(CLASSES[case.rule](), w).step, g, **inputs)
    yield Task("step", step, changes=lambda: w[0])


def memory(net: Net) -> Iterator[Task]:
    """Each peak in a process of its own, so that none hides another."""

    def measure(_: float) -> float:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            return process.submit(peak, net).result()

    yield Task("peak", measure=measure)


def peak(net: Net) -> float:
    """Megabytes that making a net and two epochs of fit add at their peak to a process that has the data."""

    def megabytes(field: str) -> float:
        kibibytes = re.search(rf"{field}:\s*(\d+)", Path("/proc/self/status").read_text())
        return int(kibibytes[1]) * 1.024e-3

    x, y = data.samples(net)
    x.sum(), y.sum()  # all pages of the data are there
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = megabytes("VmRSS")
    callbacks = [fanin.EarlyStopping(patience=5, monitor="loss")] if net.best_weights else []
    history = fit(build(net, start=False), net, x, y, epochs=2, callbacks=callbacks)
    if not np.isfinite(history.loss).all():
        raise ValueError("the loss is not finite")
    return megabytes("VmHWM") - before


# one program, as most neighbours are
NEIGHBOURS = {
    "that takes 3 of every 15 ms": """
import time
while True:
    start = time.perf_counter()
    while time.perf_counter() - start < 0.003:
        pass
    time.sleep(0.012)
""",
    "that never rests": "while True: pass",
}


@contextmanager
def beside(code: str, count: int = 1) -> Iterator[None]:
    """Run programs of this code at the same time."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.callback(stack.enter_context(subprocess.Popen([sys.executable, "-c", code])).kill)
        yield


def sharing(net: Net) -> Iterator[Task]:
    x, y = data.samples(net)
    epochs = [partial(fit, build(net), net, x, y) for _ in range(2)]
    for epoch in epochs:
        epoch()

    def step(neighbours: int) -> float:
        with beside(NEIGHBOURS["that never rests"], neighbours):
            return microseconds(epochs[0]) / net.steps

    def two_fits(_: float) -> float:
        in_turn = microseconds(lambda: [epoch() for epoch in epochs])
        with ThreadPoolExecutor(2) as threads:
            return microseconds(lambda: [*threads.map(lambda epoch: epoch(), epochs)]) / in_turn

    def short_fits(code: str, seconds: float) -> float:
        with beside(code):
            team = microseconds(epochs[0], seconds)
            with fanin.num_threads(1):
                return team / microseconds(epochs[0], seconds)

    yield Task("quiet", measure=lambda _: step(0))
    yield Task("busy", measure=lambda _: step(2 * multiprocessing.cpu_count()))
    yield Task("two fits", measure=two_fits)
    for name, code in NEIGHBOURS.items():
        yield Task(f"short fits beside a program {name}", measure=partial(short_fits, code))


def fashion_mnist(net: Net) -> Iterator[Task]:
    """A call of fit an epoch, whose rule continues with its state."""
    (x, y), (test_x, test_y) = map(data.pictures, ("train", "t10k"))
    network = build(net)
    rule = optim.Adam(optim.Cosine(FASHION_RATE, steps=net.epochs * -(-len(x) // net.batch)))
    yield Task("an epoch", measure=lambda _: microseconds(lambda: fit(network, net, x, y, rule=rule)))
    yield Task(
        "accuracy", measure=lambda _: 100 * (network.predict(test_x).argmax(axis=1) == test_y).mean().item()
    )


def tables(case: DataSet) -> Iterator[Task]:
    """The whole frame: it finds the columns that number the rows by itself."""
    from bench.workers import tables as of_tables  # here, as it needs pandas and scikit-learn
    from fanin.sklearn import FaninClassifier, FaninRegressor

    make = partial(FaninClassifier if case.classes else FaninRegressor, random_state=0)
    yield from of_tables.tasks(case, make, prepare=lambda X, case: X)


def curvature(case: Any) -> Iterator[Task]:
    if isinstance(case, Roads):
        from bench.workers import advice  # here, as it needs pandas and scikit-learn

        yield from advice.tasks(case)
    else:
        yield from of_curvature.tasks(case)


def search(case: Any) -> Iterator[Task]:
    yield from of_search.tasks(case)


def doctor(case: Any) -> Iterator[Task]:
    from bench.workers import doctor as of_doctor  # here, as it needs pandas and scikit-learn

    yield from of_doctor.tasks(case)
