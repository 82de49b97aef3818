"""Faults while files are written, each in its own process: ``python faults.py NAME FOLDER``.

Each prints its counts; an assertion fails unless every file is either the old or the new one, intact.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import fanin
from fanin import optim


def two_nets() -> list[fanin.Network]:
    """Nets of about 400 kB and 100 kB."""
    return [fanin.Network(n, [fanin.Dense(n), fanin.Dense(1)], seed=n) for n in (300, 150)]


def save_for_ever(nets: list[fanin.Network], path: Path) -> None:
    while True:
        for net in nets:
            net.save(path)


def child(work, *arguments) -> int:
    """Start work in a child process."""
    pid = os.fork()
    if pid == 0:
        try:
            work(*arguments)
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return pid


def killed(folder: Path) -> None:
    """Kill a process that saves, at random moments."""
    path, nets, chance = folder / "model", two_nets(), random.Random(0)
    whole = {net.to_bytes() for net in nets}
    nets[0].save(path)
    seen = set()
    for _ in range(200):
        pid = child(save_for_ever, nets, path)
        time.sleep(chance.uniform(0.001, 0.006))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        seen.add(path.read_bytes())
        assert seen <= whole
        fanin.load(path)
        assert len(list(folder.iterdir())) <= 2  # earlier temporary files have been removed
    nets[0].save(path)
    assert list(folder.iterdir()) == [path]
    print("killed 200 times")


def two_writers(folder: Path) -> None:
    """Let two processes write one file while this one reads it."""
    path, nets = folder / "model", two_nets()
    whole = {net.to_bytes() for net in nets}
    nets[0].save(path)
    pids = [child(save_for_ever, [net], path) for net in nets]
    seen = {path.read_bytes() for _ in range(300)}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert seen <= whole
    nets[0].save(folder / "another")
    assert sorted(folder.iterdir()) == [folder / "another", path]
    print("files seen:", len(seen))


def disk_full(folder: Path) -> None:
    """Save with room for only 100 kB: `folder` is a small file system, or the size of files is limited."""
    path, (large, small) = folder / "model", two_nets()
    if "--limited" in sys.argv:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (2**17, 2**17))
    small.save(path)
    try:
        large.save(path)
    except OSError as error:
        print(error.strerror)
    assert path.read_bytes() == small.to_bytes()
    assert len(list(folder.iterdir())) == 1


def mounted(folder: Path) -> None:
    """Save to a single mounted file, which a rename cannot replace, also if its disk is full."""
    path, (large, small) = folder / "model", two_nets()
    for net in (small, large, small):
        net.save(path)
        assert path.read_bytes() == net.to_bytes()
    try:
        with (folder / "disk" / "full").open("wb", buffering=0) as rest:
            while True:
                rest.write(bytes(4096))
    except OSError:
        pass
    kept = folder / "model.fanin-new"
    try:
        large.save(path)
    except OSError as error:
        print(error.filename, error.strerror, sep=": ")
    assert kept.read_bytes() == large.to_bytes()
    (folder / "disk" / "full").unlink()
    large.save(path)
    assert sorted(p.name for p in folder.iterdir()) == ["disk", "model"]
    assert path.read_bytes() == large.to_bytes()


def owned_by_others(folder: Path) -> None:
    """Save as root and as other users over files of other owners, also if only the file is writable."""
    path, nets = folder / "model", two_nets()

    def save(user: int, group: int, net: fanin.Network) -> None:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
        net.save(path)

    folder.chmod(0o777)
    for folder_mode in (0o777, 0o1777, 0o555):
        for mode in (0o666, 0o604, 0o460):
            for user, group in ((0, 0), (12345, 12345), (54321, 12346)):
                path.touch()
                os.chown(path, 12345, 12346)
                path.chmod(mode)
                folder.chmod(folder_mode)
                before = path.read_bytes()
                pid = child(save, user, group, nets[user % 2])
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                # the system applies the permission bits of the first that match: owner, group, others
                bits = mode >> (6 if user == 12345 else 3 if group == 12346 else 0)
                allowed = user == 0 or bits & 2
                assert code == (0 if allowed else 1)
                assert path.read_bytes() == (nets[user % 2].to_bytes() if allowed else before)
                status = path.stat()
                assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (12345, 12346, mode)
                assert list(folder.iterdir()) == [path]
    print("all as they were")


def interrupted(folder: Path) -> None:
    """Interrupt writing and reading of files with Ctrl-C."""
    path, nets = folder / "model", two_nets()
    whole = {net.to_bytes() for net in nets}
    nets[0].save(path)
    for milliseconds in range(1, 30):
        signal.setitimer(signal.ITIMER_REAL, milliseconds / 2000)
        try:
            while True:
                for net in nets:
                    net.save(path)
                    fanin.load(path)
        except KeyboardInterrupt:
            assert path.read_bytes() in whole
    assert len(list(folder.iterdir())) == 1
    print("interrupted")


def forked(folder: Path) -> None:
    """Fork in the middle of a fit: parent and child continue, with the same result."""
    X = [[i / 100 % 1, i / 37 % 1] for i in range(500)]
    y = [a * b for a, b in X]
    nets = [fanin.Network(2, [fanin.Dense(64, "relu"), fanin.Dense(1)]) for _ in range(2)]
    nets[0].fit(X, y, rule=optim.Adam(), epochs=4)
    pids = []

    def fork(net: fanin.Network, epoch: int, logs: dict) -> None:
        if epoch == 2:
            pids.append(os.fork())

    nets[1].fit(X, y, rule=optim.Adam(), epochs=4, callbacks=[fork])
    if pids[0] == 0:
        nets[1].save(folder / "of the child")
        os._exit(0)
    os.waitpid(pids[0], 0)
    assert nets[0].to_bytes() == nets[1].to_bytes() == (folder / "of the child").read_bytes()
    print("both came to the same")


if __name__ == "__main__":

    def ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, ctrl_c)
    globals()[sys.argv[1]](Path(sys.argv[2]))
