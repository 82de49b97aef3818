"""A rank of MPI that the bench starts: times steps of a net, or sums, and prints what rank 0 has found."""

import hashlib
import json
import sys
import time
from typing import Any

import numpy as np
from mpi4py import MPI

import fanin
from bench import data
from bench.mpi import Together
from bench.workers.fanin import build
from fanin import distributed, optim


def steps(case: Together, seconds: float) -> tuple[float, str]:
    """Microseconds of a step in the fastest epoch; the digest of the weights after one from the start."""
    comm = MPI.COMM_WORLD
    x, y = data.samples(case)
    part = slice(comm.rank, None, comm.size)
    x, y = np.ascontiguousarray(x[part]), np.ascontiguousarray(y[part])
    options: dict[str, Any] = {"rule": optim.Adam(1e-3), "batch_size": case.together}
    net = build(case)
    distributed.fit(net, x, y, epochs=1, **options)
    digest = hashlib.sha256(net.to_bytes()).hexdigest()
    if comm.size == 1:
        alone = build(case)
        alone.fit(x, y, epochs=1, **options)
        if alone.to_bytes() != net.to_bytes():
            raise ValueError("one rank differs from fit")
    history = distributed.fit(net, x, y, epochs=2 if seconds == 0 else 8, **options)
    return 1e6 * min(history.seconds) * case.together / case.samples, digest


def sums(numbers: int, seconds: float) -> tuple[float, str]:
    """Microseconds of a sum, the best mean of several; nothing to digest."""
    comm, values, best = MPI.COMM_WORLD, np.zeros(numbers, np.float32), np.inf
    calls = max(4, min(2000, 10**8 // (4 * numbers + 10**4)))
    for _ in range(3 if seconds == 0 else 10):
        comm.Barrier()
        begin = time.perf_counter()
        for _ in range(calls):
            comm.Iallreduce(MPI.IN_PLACE, values, op=MPI.SUM).Wait()
        best = min(best, (time.perf_counter() - begin) / calls)
    return 1e6 * best, ""


def main(told: dict[str, Any]) -> None:
    kind, seconds = told.pop("kind"), told.pop("seconds")
    fanin.set_num_threads(1)
    if kind == "Sum":
        found, digest = sums(told["numbers"], seconds)
    else:
        found, digest = steps(Together(**{**told, "sizes": tuple(told["sizes"])}), seconds)
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps({"microseconds": found, "digest": digest}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
