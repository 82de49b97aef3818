"""Curvature of the loss: its eigenvalues, and how far a bowl describes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.training.objective import Objective

    Float = NDArray[np.float64]
    Product = Callable[[Float], Float]

Place = Literal["slope", "saddle", "plateau", "minimum"]

_PROBES = 3
_STEPS = 40
_VALUES = 20_000_000  # of the basis of Lanczos' method, at most
_SOLVER_STEPS = 60
DAMPING = 1e-3
SMALL_STEP = 0.01
SMALL_GRADIENT = 0.01
_NEGATIVE = 0.01  # of the largest curvature: lower ones do not make a saddle
_FLAT = 1e-3  # of the largest curvature
_NO_BETTER = 0.9  # of the baseline


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of the Hessian.

    Attributes
    ----------
    largest, smallest : float
    negative, flat : float
        Share of eigenvalues below -0.001, and within 0.001, of the largest absolute value.
    """

    largest: float
    smallest: float
    negative: float
    flat: float


def spectrum(product: Product, size: int, seed: int) -> Spectrum:
    """Return the extreme eigenvalues by Lanczos' method, and shares by stochastic quadrature over three probes.

    Each probe is a random vector of signs; its eigenvalues of the tridiagonal matrix count by the squares of the first
    components of their eigenvectors (Golub and Welsch 1969; Ubaru, Chen and Saad 2017).
    """
    rng = np.random.default_rng(seed)
    steps = min(size, _STEPS, max(10, _VALUES // size))
    runs = [_lanczos(product, rng.choice([-1.0, 1.0], size), steps) for _ in range(_PROBES)]
    values, shares = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    limit = _FLAT * np.abs(values).max()
    negative, flat = (
        float(shares[where].sum() / _PROBES) for where in (values < -limit, abs(values) <= limit)
    )
    return Spectrum(float(values.max()), float(values.min()), negative, flat)


def _lanczos(product: Product, start: Float, steps: int) -> tuple[Float, Float]:
    """Return the eigenvalues of the tridiagonal matrix and their shares, with full reorthogonalization."""
    basis = [start / np.linalg.norm(start)]
    diagonal, beside = [], []
    while True:
        vector = product(basis[-1])
        size = float(np.linalg.norm(vector))
        diagonal.append(float(basis[-1] @ vector))
        known = np.stack(basis)
        for _ in range(2):
            vector = vector - known.T @ (known @ vector)
        beside.append(float(np.linalg.norm(vector)))
        if len(basis) == steps or beside[-1] <= 1e-10 * size:
            break
        basis.append(vector / beside[-1])
    matrix = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    values, vectors = np.linalg.eigh(matrix)
    return values, vectors[0] ** 2


def newton_angle(objective: Objective, w: Float, gradient: Float) -> float:
    """Return the degrees between -g and the step s of ``(G + d I) s = -g``, below 90; 0 if g or its curvature is 0.

    G is Gauss and Newton's matrix, and d is 0.001 times the curvature ``g'Gg / g'g`` along the gradient. Conjugate
    gradient solves it.
    """
    size = float(np.linalg.norm(gradient))
    if size == 0:
        return 0.0
    down = -gradient / size
    bend = float(down @ objective.gnvp(w, down))
    if bend < np.finfo(float).tiny:
        return 0.0
    step = _solve(lambda v: objective.gnvp(w, v) / bend + DAMPING * v, down)
    cosine = float(down @ step) / float(np.linalg.norm(step))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _solve(product: Product, right: Float) -> Float:
    """Return the solution for a positive definite matrix by conjugate gradient."""
    solution, residual = np.zeros_like(right), right
    direction, squares = residual, float(residual @ residual)
    least = 1e-16 * squares
    for _ in range(_SOLVER_STEPS):
        image = product(direction)
        length = squares / float(direction @ image)
        solution = solution + length * direction
        residual = residual - length * image
        before, squares = squares, float(residual @ residual)
        if squares <= least:
            break
        direction = residual + squares / before * direction
    return solution


def decrease_ratio(objective: Objective, w: Float, gradient: Float, length: float | None = None) -> float:
    """Return the measured decrease of the loss along ``-a g`` over the predicted ``a g'g - a^2/2 g'Hg``.

    Near 1, a bowl describes the loss as far as this step. `length` is a; by default 0.01 of the step ``g'g / |g'Hg|``
    to the bottom of the bowl. NaN if g or its curvature is 0.
    """
    size, bend = float(gradient @ gradient), float(gradient @ objective.hvp(w, gradient))
    if length is None:
        length = SMALL_STEP * size / abs(bend) if abs(bend) > np.finfo(float).tiny else np.nan
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        predicted = length * size - length * length / 2 * bend
        end = w - length * gradient
        if size == 0 or not np.isfinite(end).all():
            return np.nan
        return float((objective.loss(w) - objective.loss(end)) / predicted)


def place_of(found: Spectrum, relative_gradient: float, loss: float, baseline: float) -> Place:
    """Return what kind of place the weights are at.

    "slope": the relative gradient, ``|g| (1 + |w|) / baseline``, is at least 0.01. Else "saddle": the smallest
    eigenvalue is below -0.01 of the largest absolute one. Else "plateau": more than half of the eigenvalues are within
    0.001 of the largest, and the loss is above 0.9 of the baseline, that of the best constant outputs. Else "minimum".
    """
    if relative_gradient >= SMALL_GRADIENT:
        return "slope"
    if found.smallest < -_NEGATIVE * max(found.largest, -found.smallest):
        return "saddle"
    return "plateau" if found.flat > 0.5 and loss > _NO_BETTER * baseline else "minimum"


def length_of_rate(rule: Any, gradient: Float) -> float | None:
    """Return a of a step -a g as long as the rule's: its rate, or for rules that adapt it, rate / rms(g)."""
    name, rate = ("adamw", 1e-3) if rule is None else (rule[0], rule[1].get("learning_rate"))
    if not isinstance(rate, float):
        return None
    size = float(np.sqrt(np.mean(gradient**2)))
    if name in ("sgd", "momentum", "nesterov"):
        return rate
    return rate / size if size else None
