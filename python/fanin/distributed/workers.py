"""The workers of a Dask cluster, where joblib's backend runs tasks; joblib and Dask are imported if they are in use."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Workers:
    """The workers of joblib's Dask backend, and the data sent to them, each once.

    Parameters
    ----------
    client : distributed.Client, optional
        None: there is no cluster, and nothing is sent.
    """

    def __init__(self, client: Any = None) -> None:
        self.client = client
        self._sent: dict[int, tuple[Any, Any]] = {}  # a value, which keeps its id, and its future

    def send(self, values: Iterable[Any]) -> None:
        """Scatter the arrays, matrices and frames among these values that the cluster does not have yet.

        joblib takes tasks from a generator in a thread of Dask, which must not wait: send before that.
        """
        for value in values if self.client is not None else ():
            if hasattr(value, "shape") and id(value) not in self._sent:
                (future,) = self.client.scatter([value], hash=False)
                self._sent[id(value)] = value, future

    def sent(self, value: Any) -> Any:
        """Return what a task gets for a value: its future if it was sent, else the value."""
        return self._sent.get(id(value), (value, value))[1]

    def keep(self, values: Iterable[Any]) -> None:
        """Let the cluster forget all data but these."""
        kept = set(map(id, values))
        self._sent = {place: sent for place, sent in self._sent.items() if place in kept}

    def run(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Generator[tuple[int, Any]]:
        """Call the function with these arguments on the workers; yield the number of each call, and its result."""
        from joblib import Parallel, delayed

        self.send(value for arguments in calls for value in arguments)
        tasks = (
            delayed(_numbered)(number, function, *map(self.sent, arguments))
            for number, arguments in enumerate(calls)
        )
        found: Generator[tuple[int, Any]] = Parallel(return_as="generator_unordered")(tasks)
        return found


_ACTIVE: ContextVar[Workers | None] = ContextVar("fanin_workers", default=None)


def workers() -> Workers | None:
    """Return the workers that the networks of this fit are spread over, if any."""
    return _ACTIVE.get()


def cluster() -> Workers:
    """Return the workers of joblib's backend; none if it is not Dask's, or if this is a task of a worker."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    client = getattr(backend, "client", None)
    return Workers(None if client is None or _in_a_task() else client)


@contextmanager
def spread() -> Iterator[None]:
    """Return a context in which networks are trained on the workers of joblib's backend, if it is Dask's."""
    found = cluster()
    token = _ACTIVE.set(found if found.client is not None else None)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def _in_a_task() -> bool:
    """Whether a worker runs this: its cluster is busy with tasks like this one."""
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True


def _numbered(number: int, function: Callable[..., Any], *arguments: Any) -> tuple[int, Any]:
    return number, function(*arguments)
