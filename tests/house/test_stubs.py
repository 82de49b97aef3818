"""The stubs match the module."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A pybind11 class has a metaclass that a stub cannot name; its members are still compared.
METACLASSES = (
    r"fanin\._core\.(Budget|CodedRows|EndedEpoch|EpochLoop|EpochResult|Patience|Population|TableEncoder|TableModel"
    r"|(Network|Objective|Optimizer|RecurrentState|SolverTraining|Training)Float(32|64))"
)


def test_stubs_agree_with_the_module(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "allowed").write_text(METACLASSES)
    options = ["--concise", "--allowlist", "allowed", "--ignore-unused-allowlist"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "fanin._core", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
