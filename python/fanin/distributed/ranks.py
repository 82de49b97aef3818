"""The ranks of an MPI communicator, as the core calls them, and how they agree; mpi4py is imported when it is used."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from fanin import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

_T = TypeVar("_T")
_MOST = 2**28  # elements of a message
_SECONDS_OF_FAREWELL = 3.0  # an exception that other ranks do not have by then ends all


def as_comm(comm: Any) -> Any:
    """Return a duplicate of a communicator of mpi4py, by default of all ranks; raise if it is none."""
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            'fanin.distributed needs mpi4py and an MPI library; run pip install "fanin[mpi]" (for a library of MPI '
            "too: pip install mpich), or install python3-mpi4py of Debian"
        ) from error
    if comm is None:
        comm = MPI.COMM_WORLD
    if not isinstance(comm, MPI.Intracomm):
        raise TypeError(f"comm: expected an intracommunicator of mpi4py, got {type(comm).__name__}")
    return comm.Dup()


class Ranks:
    """What `_core.Communicator` calls; and agreement before training begins."""

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        self._mpi, self._comm = MPI, comm
        self._farewell = comm.Dup()
        self.rank, self.size = int(comm.Get_rank()), int(comm.Get_size())
        self._sums: list[Any] = []  # under way
        self.core: Any = _core.Communicator(self)

    def start_sum(self, values: NDArray[Any]) -> None:
        """Begin to replace the values by their sums over all ranks."""
        for begin in range(0, len(values), _MOST):
            part = values[begin : begin + _MOST]
            self._sums.append(self._comm.Iallreduce(self._mpi.IN_PLACE, part, op=self._mpi.SUM))
        self._mpi.Request.Testall(self._sums)  # many libraries make progress only when they are called

    def wait(self) -> None:
        """Wait for the sums that have begun."""
        self._mpi.Request.Waitall(self._sums)
        self._sums.clear()

    def broadcast(self, memory: memoryview) -> None:
        """Replace these bytes by those of rank 0."""
        for begin in range(0, len(memory), _MOST):
            self._comm.Bcast([memory[begin : begin + _MOST], self._mpi.BYTE])

    def gather(self, value: _T) -> list[_T]:
        """Return the values of all ranks."""
        values: list[_T] = self._comm.allgather(value)
        return values

    def agreed(self, prepare: Callable[[], _T]) -> _T:
        """Call the function on each rank; if it raises on any, raise on all what the first of them has raised."""
        result, error = None, None
        try:
            result = prepare()
        except Exception as raised:
            error = raised
        except BaseException as raised:  # such as Ctrl-C
            self.fail(raised)
            raise
        told = None if error is None else (type(error).__name__, str(error))
        errors = [(rank, of_rank) for rank, of_rank in enumerate(self.gather(told)) if of_rank is not None]
        if errors:
            rank, (kind, message) = errors[0]
            known = {"TypeError": TypeError, "ValueError": ValueError}
            raise known.get(kind, RuntimeError)(f"rank {rank}: {message}") from error
        return result  # type: ignore[return-value]

    def check_same(self, values: Sequence[tuple[str, str]]) -> None:
        """Raise ValueError on all ranks if one of these texts, which have names, is another on some rank."""
        of_all = self.gather(list(values))
        for rank, others in enumerate(of_all):
            for (name, first), (_, other) in zip(
                of_all[0], others, strict=False
            ):  # other versions have other texts
                if first != other:
                    raise ValueError(f"rank {rank}: {name}: expected that of rank 0, {first}, got {other}")

    def bytes_of_first(self, own: bytes) -> bytes:
        """Return the bytes that rank 0 has given."""
        size = self.first(len(own))
        memory = bytearray(own) if self.rank == 0 else bytearray(size)
        self.broadcast(memoryview(memory))
        return bytes(memory)

    def first(self, value: _T) -> _T:
        """Return the value of rank 0."""
        found: _T = self._comm.bcast(value)
        return found

    def fail(self, error: BaseException) -> None:
        """After an exception: return if all ranks have one, such as a diverged fit, else end all of them."""
        try:
            everybody = self._farewell.Ibarrier()
            end = time.monotonic() + _SECONDS_OF_FAREWELL
            while not everybody.Test():
                if time.monotonic() > end:
                    self.abort(error)
                time.sleep(0.001)
        except Exception:
            self.abort(error)

    def abort(self, error: BaseException) -> NoReturn:
        """Print an exception and end all ranks."""
        print(f"rank {self.rank} of {self.size} failed:", file=sys.stderr)
        traceback.print_exception(error)
        sys.stderr.flush()
        self._comm.Abort(1)
        raise SystemExit(1)  # not reached

    def close(self) -> None:
        """Free the communicators, and the core's reference to this object."""
        self.core = None
        self._farewell.Free()
        self._comm.Free()
