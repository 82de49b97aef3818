"""What this build of fanin is and how it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fanin import _core
from fanin.checks import check_integer

_HERE = Path(__file__).parent


def get_num_threads() -> int:
    """Return the number of threads that one call may use.

    It is the number that was set, or ``FANIN_NUM_THREADS``, but no more than OpenMP's where that was lowered (by
    threadpoolctl, say); else ``OMP_NUM_THREADS``; else the processors that the affinity mask and the quota of the
    control groups (a container's limit) allow. In a child after a fork it is 1. If the system cannot create that many
    threads, calls use those it can.

    Examples
    --------
    >>> import fanin
    >>> fanin.get_num_threads() >= 1
    True
    """
    return _core.num_threads()


def set_num_threads(n: int | None) -> None:
    """Set the number of threads that one call may use; results are the same bits for every number.

    None leaves it to OpenMP again.

    Raises
    ------
    ValueError
        If `n` is not in 1..4096.

    Examples
    --------
    >>> import fanin
    >>> before = fanin.get_num_threads()
    >>> fanin.set_num_threads(1)
    >>> fanin.get_num_threads()
    1
    >>> fanin.set_num_threads(before)
    """
    if n is not None:
        check_integer("n", n, 1)
        if int(n) > 4096:
            raise ValueError(f"n: expected at most 4096, got {n}")
    _core.set_num_threads(0 if n is None else int(n))


@contextmanager
def num_threads(n: int | None) -> Iterator[None]:
    """Set the number of threads within a `with` block, for all of the process, and back again.

    Examples
    --------
    >>> import fanin
    >>> with fanin.num_threads(1):
    ...     fanin.get_num_threads()
    1
    """
    before = _core.requested_num_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        _core.set_num_threads(before)


def get_include() -> str:
    """Return the folder of the C++ headers that come with this package.

    Examples
    --------
    >>> import fanin, os
    >>> os.path.basename(fanin.get_include())
    'include'
    """
    return str(_HERE / "include")


def get_cmake_dir() -> str:
    """Return the folder where CMake finds the C++ library that comes with this package, the one Python uses.

    ``cmake -Dfanin_DIR="$(python -c 'import fanin; print(fanin.get_cmake_dir())')"``, and in CMakeLists.txt
    ``find_package(fanin)`` and ``target_link_libraries(app PRIVATE fanin::fanin)``. It is a shared library, which the
    program needs when it runs; one of its own, static or shared, comes from the sources by `add_subdirectory`.

    Examples
    --------
    >>> import fanin, os
    >>> os.path.basename(fanin.get_cmake_dir())
    'cmake'
    """
    return str(_HERE / "cmake")


def config() -> dict[str, str | int | bool | tuple[str, ...]]:
    """Return version, compiler, OpenMP, instruction sets and threads as a dict.

    Examples
    --------
    >>> import fanin
    >>> list(fanin.config())
    ['version', 'compiler', 'openmp', 'built', 'available', 'active', 'threads']
    """
    return {
        "version": _core.__version__,
        "compiler": _core.compiler(),
        "openmp": _core.has_openmp(),
        "built": _core.built(),
        "available": _core.available(),
        "active": _core.active(),
        "threads": _core.num_threads(),
    }


def show_config() -> None:
    """Print version, compiler, OpenMP, instruction sets (built, available, active) and threads.

    Examples
    --------
    >>> import fanin
    >>> fanin.show_config()  # doctest: +ELLIPSIS
    version    ...
    """
    for name, value in config().items():
        text = ", ".join(value) if isinstance(value, tuple) else value
        print(f"{name:<10} {text}")
