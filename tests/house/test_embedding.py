"""A C++ program builds and runs against the library that comes with the Python package."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import fanin
from helpers import TESTS

CMAKE = Path(fanin.get_cmake_dir())


@pytest.mark.skipif(not CMAKE.exists(), reason="fanin is not installed, but used from its sources")
def test_find_package_finds_the_library_of_the_python_package(tmp_path):
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake here")
    assert (Path(fanin.get_include()) / "fanin" / "fanin.hpp").exists()
    for command in (
        [cmake, "-S", TESTS / "install" / "consumer", "-B", tmp_path, f"-Dfanin_DIR={CMAKE}"],
        [cmake, "--build", tmp_path],
        [tmp_path / "consumer"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "everything works" in done.stdout
