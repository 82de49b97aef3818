"""What each list names, file by file: an entry that one of the files lacks stops the tests before they begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import get_args

from fanin import _core, initializers, layers, losses, optim
from fanin.export.c.layers import KINDS as KINDS_IN_C
from reference.activations import ACTIVATIONS
from reference.initializers import DEVIATIONS
from reference.layers import KINDS
from reference.losses import LOSSES
from reference.rules import RULES
from reference.schedules import SCHEDULES

Places = Mapping[str, Collection[str]]  # file, or part of one -> names


def names_of_dataclasses(base: type) -> list[str]:
    exported = [kind for kind in vars(optim).values() if isinstance(kind, type) and issubclass(kind, base)]
    return [kind.name for kind in exported if hasattr(kind, "name")]


def lists() -> dict[str, Places]:
    headers, reference, values = "cpp/include/fanin", "tests/reference", initializers.Values.name
    return {
        "rule": {
            f"{headers}/rules/all.hpp": _core.rules(),
            "python/fanin/optim, its dataclasses and __all__,": names_of_dataclasses(optim.Rule),
            f"{reference}/rules.py, RULES,": RULES,
        },
        "schedule": {
            f"{headers}/schedules.hpp": _core.schedules(),
            "python/fanin/optim/*schedules.py, its dataclasses and __all__,": names_of_dataclasses(
                optim.Schedule
            ),
            f"{reference}/schedules.py, SCHEDULES,": SCHEDULES,
        },
        "activation": {
            f"{headers}/activations.hpp": _core.activations(),
            "python/fanin/layers/activation.py, ActivationName,": get_args(layers.ActivationName),
            f"{reference}/activations.py, ACTIVATIONS,": ACTIVATIONS,
        },
        "loss": {
            f"{headers}/losses.hpp": _core.losses(),
            "python/fanin/losses.py, BY_NAME,": losses.BY_NAME,
            f"{reference}/losses.py, LOSSES,": LOSSES,
        },
        "initializer": {
            f"{headers}/initializers.hpp": _core.initializers(),
            "python/fanin/initializers.py, BY_NAME,": initializers.BY_NAME,
            "python/fanin/layers/dense.py, InitializerName,": [*get_args(layers.InitializerName), values],
            f"{reference}/initializers.py, DEVIATIONS,": [*DEVIATIONS, values],
        },
        "layer": {
            f"{headers}/layers/all.hpp": _core.layers(),
            "python/fanin/layers/__init__.py, BY_NAME,": layers.BY_NAME,
            "python/fanin/export/c/layers.py, KINDS,": KINDS_IN_C,
            f"{reference}/layers.py, KINDS,": KINDS,
        },
    }


def what_is_missing(lists: Mapping[str, Places]) -> list[str]:
    """A message for each entry that one of the places of its kind lacks."""
    return [
        f'{kind} "{name}": {place} lacks it; it is in {next(p for p in places if name in places[p]).strip(",")}'
        for kind, places in lists.items()
        for name in dict.fromkeys(name for names in places.values() for name in names)
        for place, names in places.items()
        if name not in names
    ]
