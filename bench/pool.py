"""Worker processes: a library each, alive for the whole run, asked over pipes.

Two libraries never share a process: two OpenMP run-times in one process disturb each other. A process is
stopped except while it is asked something: the threads of some libraries spin for tens of milliseconds after
their last call, on the processors that the next library is timed on.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMPILE_VARIABLE = "FANIN_BENCH_COMPILE"  # set: torch.compile is timed as well

# Every library reads at least one of these when it is loaded; NPROC is the one XLA's thread pool heeds.
THREAD_VARIABLES = [f"{library}_NUM_THREADS" for library in ("OMP", "MKL", "OPENBLAS", "FANIN")]
THREAD_VARIABLES += ["VECLIB_MAXIMUM_THREADS", "NPROC"]
ON_PROCESSORS = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}


class WorkerError(Exception):
    """A worker could not do what it was asked; the message is its own."""


class WorkerProcess:
    """A process that runs `bench.workers.<module>` on a number of threads."""

    def __init__(self, module: str, n_threads: int, variables: Mapping[str, str]) -> None:
        threads = dict.fromkeys(THREAD_VARIABLES, str(n_threads))
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self.process: Any = subprocess.Popen(
            [sys.executable, "-m", "bench.workers.serve", module],
            cwd=ROOT,
            env={**os.environ, **ON_PROCESSORS, **threads, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            start_new_session=True,  # a process group to stop and to end; Ctrl-C reaches the parent alone
        )

    def ask(self, request: str, *arguments: Any) -> Any:
        """The answer to a request; the process runs for as long as that takes and no longer."""
        self._signal(signal.SIGCONT)
        with suppress(BrokenPipeError):  # what it died of is found where its answer is expected
            pickle.dump((request, *arguments), self.process.stdin)
            self.process.stdin.flush()
        return self._answer()

    def greet(self) -> Any:
        """Wait until the library is loaded: its version."""
        return self._answer()

    def _answer(self) -> Any:
        try:
            value, error = pickle.load(self.process.stdout)
        except (EOFError, pickle.UnpicklingError):
            status = self.process.wait()
            self.complaints.seek(0)
            last_line = (self.complaints.read().splitlines() or [""])[-1]
            raise WorkerError(f"its process ended with status {status}: {last_line}") from None
        self._signal(signal.SIGSTOP)
        if error:
            raise WorkerError(error)
        return value

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)  # with it the programs it has started

    def close(self) -> None:
        """End the process; it may be in the middle of a long answer."""
        self._signal(signal.SIGKILL)
        self.process.communicate()
        self.complaints.close()
