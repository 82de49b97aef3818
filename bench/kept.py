"""Measurements of the machine, kept for a day in the user's cache directory."""

import hashlib
import json
import os
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from bench.neighbours import Watch
from bench.programs import SOURCES, limits_output
from bench.progress import say

DAY = 24 * 60 * 60
DISTURBED = "other programs ran while the machine's limits were measured: they are not kept for the next run"
say_once = cache(say)


def directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fanin-bench")


def forget() -> None:
    """Have all measured again."""
    for path in directory().glob("limits-*.json"):
        path.unlink(missing_ok=True)


def place(arguments: Sequence[str], flag: str) -> Path:
    """The file of one measurement, whose name is made of all that the result depends on."""
    model = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line for line in lines if line.startswith("model name")), model)
    sources = [path.read_text() for path in sorted(SOURCES.glob("*.?pp"))]
    depends = [platform.node(), platform.machine(), model, os.cpu_count(), os.environ.get("CXX"), sources]
    digest = hashlib.sha256(json.dumps([*depends, *arguments, flag]).encode()).hexdigest()
    return directory() / f"limits-{digest[:16]}.json"


def limits(arguments: Sequence[str], flag: str = "") -> dict[str, Any]:
    """What fanin_bench_limits prints, compiled with a flag; measured where no file of the last day holds it."""
    path = place(arguments, flag)
    with suppress(OSError, ValueError, KeyError, TypeError):  # absent or damaged
        kept = json.loads(path.read_text())
        if 0 <= time.time() - kept["time"] < DAY:
            return dict(kept["measured"])
    watch = Watch()
    measured: dict[str, Any] = json.loads(limits_output(arguments, flag))
    if watch.disturbed():
        say_once(DISTURBED)
    else:
        with suppress(OSError):  # without a cache the next run measures again
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"time": time.time(), "measured": measured}))
    return measured
