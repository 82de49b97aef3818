"""The number of threads of one call."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from joblib import effective_n_jobs

from fanin.config import num_threads


def limited(n_jobs: int | None) -> AbstractContextManager[None]:
    """Return a context in which at most n_jobs threads compute; None stands for fanin's own limit."""
    return nullcontext() if n_jobs is None else num_threads(effective_n_jobs(n_jobs))
