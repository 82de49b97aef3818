"""fanin's products with curvature, and its solvers of all samples, beside SciPy's on the same objective."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import fanin
from bench import data
from bench.cases import Net
from bench.curvature import MOST, SCIPY, Curved, Descent, Sinc
from bench.workers.serve import Task, microseconds
from fanin import optim


def build(net: Net, dtype: str) -> fanin.Network:
    layers = [*(fanin.Dense(units, net.activation) for units in net.sizes[1:-1]), fanin.Dense(net.sizes[-1])]
    return fanin.Network(net.sizes[0], layers, net.loss, dtype=dtype)


def flat(weights: Any) -> Any:
    return np.concatenate([part.ravel() for layer in weights for part in layer])


def products(case: Curved) -> Iterator[Task]:
    """Each round at the same weights, as in the iterations of a solver."""
    objective = build(case, "float32").objective(*data.samples(case))
    w, v = flat(data.weights(case)), flat(data.weights(case, 3))
    calls = {
        "gradient": lambda: objective.loss_and_gradient(w),
        "Hessian product": lambda: objective.hvp(w, v),
        "Gauss-Newton product": lambda: objective.gnvp(w, v),
    }
    for result, call in calls.items():
        yield Task(result, check=list, measure=lambda _, call=call: microseconds(call, 0.2))


def descents(case: Descent) -> Iterator[Task]:
    import scipy.optimize

    from bench.workers import minimizers  # here, as it needs scikit-learn

    x, y = minimizers.labelled(case)
    net = build(case, case.dtype)
    objective = net.objective(x, y, l2=case.l2)

    def ours(weights: Any, watch: minimizers.Watch) -> None:
        net.set_weights(objective.named(flat(weights)))

        def stop(net: fanin.Network, epoch: int, logs: Any) -> bool:
            squares = sum(np.vdot(w, w) for name, w in net.get_weights().items() if name.endswith("weight"))
            return watch.reached(logs["loss"] + 0.5 * case.l2 * squares, logs["evaluations"])

        net.fit(x, y, rule=optim.LBFGS(l2=case.l2), epochs=MOST, callbacks=[stop])

    def theirs(weights: Any, watch: minimizers.Watch) -> None:
        def function(w: Any) -> tuple[float, Any]:
            loss, gradient = objective.loss_and_gradient(w)
            watch(loss)
            return loss, gradient.astype(float)

        options = {"maxiter": MOST, "maxfun": MOST}
        scipy.optimize.minimize(function, flat(weights), jac=True, method="L-BFGS-B", options=options)

    yield from minimizers.tasks(case, ours, starts=case.starts, first=theirs)
    yield from minimizers.tasks(case, theirs, SCIPY, case.starts)


def solves(case: Sinc) -> Iterator[Task]:
    """A round is some starts: seconds and the mean squared error of each."""
    x, y = data.sinc(case.samples)
    net, seeds = build(case, "float64"), iter(range(1_000))

    def stop(left: list[int], net: Any, epoch: int, logs: Any) -> bool:
        left[0] -= logs["evaluations"] - 1  # at each try once, and at the accepted one with the Jacobian
        return left[0] <= 0 or 2 * logs["loss"] <= case.goal

    def one(seed: int) -> tuple[float, float]:
        net.set_weights(net.objective(x, y).named(flat(data.weights(case, seed))))
        begin = time.perf_counter()
        net.fit(x, y, rule=optim.LevenbergMarquardt(), epochs=MOST, callbacks=[partial(stop, [case.solves])])
        return time.perf_counter() - begin, 2e9 * net.evaluate(x, y)["loss"]

    yield Task(
        "Levenberg-Marquardt", check=list, measure=lambda _: [one(next(seeds)) for _ in range(case.starts)]
    )


def tasks(case: Curved | Descent | Sinc) -> Iterator[Task]:
    kinds: dict[type, Any] = {Curved: products, Descent: descents, Sinc: solves}
    yield from kinds[type(case)](case)
