"""Epochs as they come: a bar in a terminal or notebook where tqdm is installed, else a line each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import Any

Show = Callable[[int, Mapping[str, Any], float], None]


@contextmanager
def progress(epochs: int, verbose: bool) -> Iterator[Show]:
    """Give a function of (epoch, logs, seconds) that shows the epoch, or nothing unless verbose."""
    if not verbose:
        yield lambda epoch, logs, seconds: None
        return
    bar = _bar(epochs)
    if bar is None:
        yield lambda epoch, logs, seconds: print(
            f"epoch {epoch}/{epochs}: {summary(logs)}, {seconds:.3g} s", flush=True
        )
        return

    def advance(epoch: int, logs: Mapping[str, Any], seconds: float) -> None:
        bar.set_postfix_str(summary(logs), refresh=False)  # update refreshes, a few times a second at most
        bar.update(1)

    with bar:
        yield advance


def _bar(epochs: int) -> Any:
    """A tqdm bar where it can be drawn over and over, else None."""
    drawable = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    if not drawable:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=epochs, unit="epoch")


def summary(logs: Mapping[str, Any]) -> str:
    """Return all numbers of the logs but the seconds."""
    numbers = {name: value for name, value in logs.items() if name != "seconds" and isinstance(value, Real)}
    return ", ".join(f"{name} {float(value):.4g}" for name, value in numbers.items())
