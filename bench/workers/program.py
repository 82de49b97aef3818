"""A C++ program that a worker asks line by line."""

from __future__ import annotations

import os
import subprocess


class Program:
    """Answers of a line to requests of a line."""

    def __init__(self, variable: str) -> None:
        program = os.environ.get(variable)
        if not program:
            raise ImportError(f"the program of {variable} has not been built")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: object) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args!r} ended with status {self.process.wait()}")
        return answer

    def close(self) -> None:
        """End the program."""
        with self.process as process:
            assert process.stdin is not None
            process.stdin.close()
