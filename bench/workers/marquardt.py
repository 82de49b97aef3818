"""Levenberg and Marquardt's method by Nielsen's rule (1999), on NumPy, for a net 1-n-1 of tanh."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import data
from bench.curvature import ROUNDS, Sinc
from bench.workers.serve import Task

MANY = 1_000  # rows


def residuals(w: list[Any], x: Any, y: Any) -> tuple[Any, Any]:
    """Of each row, and the hidden values."""
    a = np.tanh(x * w[0] + w[1])
    return a @ w[2] + w[3] - y, a


def jacobian(w: list[Any], x: Any, a: Any) -> Any:
    dz = (1 - a * a) * w[2].T
    return np.concatenate([x * dz, dz, a, np.ones_like(x)], axis=1)


def moved(w: list[Any], v: Any) -> list[Any]:
    ends = np.cumsum([part.size for part in w])[:-1]
    return [part + change.reshape(part.shape) for part, change in zip(w, np.split(v, ends), strict=True)]


def solved(w: list[Any], x: Any, y: Any, most: int, goal: float) -> float:
    """The mean squared error after so many solved systems, or once it is the goal."""
    (e, a), mu, nu = residuals(w, x, y), 0.0, 2.0
    J = jacobian(w, x, a)
    A, g, E = J.T @ J, J.T @ e, float(np.vdot(e, e))
    mu = 1e-3 * A.diagonal().max()
    for _ in range(most):
        if len(x) * goal >= E:
            break
        v = np.linalg.solve(A + mu * np.eye(len(A)), -g)
        trial = moved(w, v)
        e, a = residuals(trial, x, y)
        after = float(np.vdot(e, e))
        rho = (E - after) / float(np.vdot(v, mu * v - g))
        if rho > 0:
            J = jacobian(trial, x, a)
            w, A, g, E = trial, J.T @ J, J.T @ e, after
            mu, nu = mu * max(1 / 3, 1 - (2 * rho - 1) ** 3), 2.0
        else:
            mu, nu = mu * nu, 2 * nu
    return E / len(x)


def tasks(case: Sinc) -> Iterator[Task]:
    x, y = data.sinc(case.samples)
    starts = case.starts * ROUNDS if case.samples <= MANY else 1
    seeds = iter(range(starts))

    def one() -> tuple[float, float]:
        if (seed := next(seeds, None)) is None:
            raise ValueError(f"{starts} of the starts alone, as each takes long")
        w = [part.astype(float) for layer in data.weights(case, seed) for part in layer]
        begin = time.perf_counter()
        error = solved(w, x, y, case.solves, case.goal)
        return time.perf_counter() - begin, 1e9 * error

    yield Task("Levenberg-Marquardt", check=list, measure=lambda _: [one() for _ in range(case.starts)])
