"""Progress of a fit: a progress bar in a terminal or notebook if tqdm is installed, else one line per epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import Any

Show = Callable[[int, Mapping[str, Any], float], None]


@contextmanager
def progress(epochs: int | None) -> Iterator[Show]:
    """Yield a function of (epoch, logs, seconds) that shows an epoch of this many, if known."""
    of = "" if epochs is None else f"/{epochs}"
    bar = bar_of(epochs, "epoch")
    if bar is None:
        yield lambda epoch, logs, seconds: print(
            f"epoch {epoch}{of}: {summary(logs)}, {seconds:.3g} s", flush=True
        )
        return

    def advance(epoch: int, logs: Mapping[str, Any], seconds: float) -> None:
        bar.set_postfix_str(summary(logs), refresh=False)  # update() refreshes, at most a few times a second
        bar.update(1)

    with bar:
        yield advance


def bar_of(total: int | None, unit: str) -> Any:
    """Return a tqdm bar if the output can be redrawn, else None."""
    drawable = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    if not drawable:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit=unit)


def summary(logs: Mapping[str, Any]) -> str:
    """Return all numbers in the logs except the seconds, as text."""
    numbers = {name: value for name, value in logs.items() if name != "seconds" and isinstance(value, Real)}
    return ", ".join(f"{name} {float(value):.4g}" for name, value in numbers.items())
