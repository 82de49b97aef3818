"""A cluster of Dask on this machine, for tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def two_workers() -> Iterator[Any]:
    """A client of two processes of one thread each."""
    import distributed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ports, files and memory of this machine
        cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        with cluster, distributed.Client(cluster) as client:
            yield client


def executed(client: Any) -> dict[str, int]:
    """The number of tasks that each worker has run."""
    return client.run(lambda dask_worker: dask_worker.state.executed_count)
