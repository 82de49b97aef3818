"""Weights of classes, which multiply the sample weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin import _core
from fanin.checks import check_choice, check_integer
from fanin.data.inputs import ColumnNames, classes_of, row_count
from fanin.data.sequences import Sequences
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.model import Model

ClassWeight = Mapping[int, float] | Literal["balanced"]
Part = Literal["all", "chunk", "rank"]  # of the data, one of several chunks, or those of one rank


def check_class_weight(given: object) -> None:
    """Raise unless this is "balanced" or a dict of label -> weight."""
    if not isinstance(given, Mapping):
        if isinstance(given, str):
            check_choice("class_weight", given, ("balanced",))
            return
        raise TypeError(f'class_weight: expected a dict of label -> weight, or "balanced", got {given!r}')
    for label, weight in given.items():
        check_integer("class_weight: a label", label, 0)
        check_number(f"class_weight[{label}]", weight, at_least=0)


def weighted_by_class(
    net: Model,
    class_weight: ClassWeight,
    X: ArrayLike,
    y: Any,
    sample_weight: Any,
    names: ColumnNames,
    *,
    rows: Part,
) -> Any:
    """Return the weight of each sample times that of its class; raise if they leave too few classes.

    A "balanced" class weighs n / (classes * count), counted in samples, not in their weights. Data come from
    `as_samples`.
    """
    classes = classes_of(net, y, names, "class_weight")
    counts = np.bincount(classes, minlength=max(net.n_outputs, 2))
    occurring = np.flatnonzero(counts)
    of_class = np.ones(len(counts))
    if isinstance(class_weight, str):
        of_class[occurring] = len(classes) / (len(occurring) * counts[occurring])
    else:
        for label, weight in class_weight.items():
            if label >= len(counts):
                raise ValueError(f"class_weight: expected labels in 0..{len(counts) - 1}, got {label}")
            of_class[label] = weight
    weights = of_class[classes]
    steps = isinstance(y, Sequences)
    if len(weights) != (len(y.steps) if steps else row_count("X", X)):
        return sample_weight  # the core says what is wrong with y
    if sample_weight is not None:
        given = sample_weight.steps if steps else _core.numbers("sample_weight", sample_weight)
        if given.shape != classes.shape or not np.all((given >= 0) & np.isfinite(given)):
            return sample_weight  # the core says what is wrong with it
        weights = weights * given
    left = np.unique(classes[weights > 0])
    if len(left) == 0 and len(classes) > 0 and rows != "rank":
        raise ValueError("class_weight: leaves no sample with a weight above 0")
    if rows == "all" and len(left) == 1 and (len(occurring) > 1 or isinstance(class_weight, str)):
        raise ValueError(
            f"class_weight: only samples of class {left[0]} have a weight above 0; expected two classes or more"
        )
    return y.with_steps(weights) if steps else weights
