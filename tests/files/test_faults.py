"""Whatever happens while a model is saved, either the old or the new file is intact."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile

import pytest

from helpers import TESTS, python_prints

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and signals")


def test_a_process_killed_200_times_while_saving_leaves_a_whole_file(tmp_path):
    assert "killed 200 times" in python_prints(str(TESTS / "faults.py"), "killed", str(tmp_path))


def test_two_processes_may_write_the_same_file(tmp_path):
    assert "files seen" in python_prints(str(TESTS / "faults.py"), "two_writers", str(tmp_path))


def test_a_file_size_limit_is_reported_and_the_old_file_stays(tmp_path):
    printed = python_prints(str(TESTS / "faults.py"), "disk_full", str(tmp_path), "--limited")
    assert printed == "File too large\n"


def test_a_full_disk_is_reported_and_the_old_file_stays(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        printed = python_prints(str(TESTS / "faults.py"), "disk_full", str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert printed == "No space left on device\n"


def test_a_file_that_is_a_mount_is_overwritten(tmp_path):
    model, disk = tmp_path / "model", tmp_path / "disk"
    model.touch()
    disk.mkdir()
    with contextlib.ExitStack() as mounts:
        for options, at in (
            (["-t", "tmpfs", "-o", "size=512k", "tmpfs"], disk),
            (["--bind", str(disk / "file")], model),
        ):
            if subprocess.run(["mount", *options, str(at)], capture_output=True).returncode != 0:
                pytest.skip("a file cannot be mounted here")
            mounts.callback(subprocess.run, ["umount", str(at)], check=True)
            (disk / "file").touch()
        printed = python_prints(str(TESTS / "faults.py"), "mounted", str(tmp_path))
    words = "No space left on device; the complete new content is in"
    assert printed == f"{model}: {words} {model}.fanin-new\n"


def test_a_file_keeps_owner_and_permissions_whoever_writes_it():
    if os.getuid() != 0:
        pytest.skip("only root can act as others")
    with tempfile.TemporaryDirectory() as folder:  # others cannot reach tmp_path
        assert python_prints(str(TESTS / "faults.py"), "owned_by_others", folder) == "all as they were\n"


def test_ctrl_c_while_saving_and_loading_leaves_a_whole_file(tmp_path):
    assert python_prints(str(TESTS / "faults.py"), "interrupted", str(tmp_path)) == "interrupted\n"


def test_a_fork_in_the_middle_of_a_fit_harms_neither_parent_nor_child(tmp_path):
    assert "the same" in python_prints(str(TESTS / "faults.py"), "forked", str(tmp_path))
