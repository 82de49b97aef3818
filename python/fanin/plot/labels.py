"""Labels of what is compared in a plot: only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from fanin.optim import Around
from fanin.values import Value
from fanin.written import figure


def labels_of(values: Sequence[Any]) -> list[str]:
    """Return a text for each rule, solver or schedule that tells it from the others; all are different.

    Examples
    --------
    >>> from fanin import optim
    >>> from fanin.plot.labels import labels_of
    >>> labels_of([optim.Adam(0.01), optim.Adam(0.02)])
    ['learning_rate 0.01', 'learning_rate 0.02']
    >>> labels_of([optim.SGD(optim.Cosine(0.1)), optim.SGD(optim.Cosine(0.2)), optim.Adam()])
    ['SGD, learning_rate first 0.1', 'SGD, learning_rate first 0.2', 'Adam']
    """
    around = any(isinstance(value, Around) for value in values)
    alike = [Around(value) if around and not isinstance(value, Around) else value for value in values]
    kinds = [getattr(value, "kind", type(value).__name__) for value in values]
    return apart(", ".join(parts) or kind for parts, kind in zip(_differences(alike), kinds, strict=True))


def apart(labels: Iterable[str]) -> list[str]:
    """Return the labels with numbers behind those that came before."""
    different: list[str] = []
    for number, label in enumerate(labels, start=1):
        different.append(f"{label} ({number})" if label in different else label)
    return different


def named(values: Any, kinds: type | tuple[type, ...], name: str, expected: str) -> dict[str, Any]:
    """Return one value, several of them, or a dict of them by label; raise TypeError, ValueError for others."""
    if isinstance(values, kinds):
        values = [values]
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise TypeError(f"{name}: expected {expected}, got {values!r}")
    given = list(values.values()) if isinstance(values, Mapping) else list(values)
    for place, value in enumerate(given):
        if not isinstance(value, kinds):
            raise TypeError(f"{name}: expected {expected}, got {value!r} at position {place}")
    if not given:
        raise ValueError(f"{name}: expected at least one, got none")
    labels = map(str, values) if isinstance(values, Mapping) else labels_of(_described(given))
    return dict(zip(labels, given, strict=True))


def _described(values: Sequence[Any]) -> list[Any]:
    """Return what labels are about: the rules of histories."""
    return [getattr(value, "rule", value) if not isinstance(value, Value) else value for value in values]


def _differences(values: Sequence[Any]) -> list[list[str]]:
    """Return in what the values differ: their kinds, and the fields of those of one kind."""
    kinds = [_kind(value) for value in values]
    parts: list[list[str]] = [[] for _ in values]
    if len(set(kinds)) > 1:
        for own, kind, value in zip(parts, kinds, values, strict=True):
            own.append(kind or _short(value))
    for kind in dict.fromkeys(kinds):
        places = [place for place, other in enumerate(kinds) if other == kind]
        for place, found in zip(places, _of_one_kind([values[place] for place in places]), strict=True):
            parts[place] += found if kind or len(set(kinds)) == 1 else []
    return parts


def _of_one_kind(values: Sequence[Any]) -> list[list[str]]:
    if not isinstance(values[0], Value):
        same = all(value == values[0] for value in values)
        return [[] if same else [_short(value)] for value in values]
    parts: list[list[str]] = [[] for _ in values]
    for field in fields(values[0]):
        inner = _differences([getattr(value, field.name) for value in values])
        for own, found in zip(parts, inner, strict=True):
            if field.name == "rule":
                own += found
            elif found:
                own.append(f"{field.name} {' '.join(found)}")
    return parts


def _kind(value: Any) -> str:
    return type(value).__name__ if isinstance(value, Value) else ""


def _short(value: Any) -> str:
    return figure(value) if isinstance(value, float) else str(value)
