"""The number of threads of one call."""

from __future__ import annotations

from contextlib import AbstractContextManager

from joblib import effective_n_jobs

from fanin.config import num_threads


def limited(n_jobs: int | None) -> AbstractContextManager[None]:
    """Return a context in which this Python thread's calls use n_jobs threads; with None, fanin's own number."""
    return num_threads(None if n_jobs is None else effective_n_jobs(n_jobs))
