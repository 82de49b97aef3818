"""Build information and the number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fanin import _core
from fanin.checks import check_integer

_HERE = Path(__file__).parent


def get_num_threads() -> int:
    """Return the number of threads that one call may use.

    It is the number set by `num_threads` for this thread or by `set_num_threads` for the process; else the smaller of
    ``FANIN_NUM_THREADS`` and ``OMP_NUM_THREADS``, which joblib and Dask set in their worker processes. It is no more
    than OpenMP's number if that was lowered (for example by threadpoolctl). By default it is the number of processors
    that the affinity mask and the cgroup quota (a container's limit) allow. In a forked child process it is 1. If the
    system cannot create that many threads, calls use as many as it can.

    Fits and large calls that run in several Python threads at once divide the process's number evenly among them, from
    one moment to the next, as in joblib's threading backend and in Dask's workers.

    Returns
    -------
    int

    Examples
    --------
    >>> import fanin
    >>> fanin.get_num_threads() >= 1
    True
    """
    return _core.num_threads()


def set_num_threads(n: int | None) -> None:
    """Set the number of threads that one call may use; results are bit-identical for every number.

    It holds for the whole process.

    Parameters
    ----------
    n : int or None
        In 1..4096; None restores the default.

    Raises
    ------
    ValueError, TypeError
        For another `n`.

    Examples
    --------
    >>> import fanin
    >>> before = fanin.get_num_threads()
    >>> fanin.set_num_threads(1)
    >>> fanin.get_num_threads()
    1
    >>> fanin.set_num_threads(before)
    """
    _core.set_num_threads(0 if n is None else _checked(n))


@contextmanager
def num_threads(n: int | None) -> Iterator[None]:
    """Set the number of threads for the calls that this Python thread makes in a `with` block.

    Other threads are not affected, so each may have its own number.

    Parameters
    ----------
    n : int or None
        In 1..4096; None changes nothing.

    Returns
    -------
    context manager

    Raises
    ------
    ValueError, TypeError
        For another `n`.

    Examples
    --------
    >>> import fanin
    >>> with fanin.num_threads(1):
    ...     fanin.get_num_threads()
    1
    """
    if n is None:
        yield
        return
    before = _core.set_own_num_threads(_checked(n))
    try:
        yield
    finally:
        _core.set_own_num_threads(before)


def _checked(n: int) -> int:
    check_integer("n", n, 1)
    if n > 4096:
        raise ValueError(f"n: expected at most 4096, got {n}")
    return int(n)


def get_include() -> str:
    """Return the folder of the C++ headers in this package.

    Returns
    -------
    str

    Examples
    --------
    >>> import fanin, os
    >>> os.path.basename(fanin.get_include())
    'include'
    """
    return str(_HERE / "include")


def get_cmake_dir() -> str:
    """Return the folder in which CMake finds the C++ library of this package, the one that Python uses.

    Run ``cmake -Dfanin_DIR="$(python -c 'import fanin; print(fanin.get_cmake_dir())')"``, and write
    ``find_package(fanin)`` and ``target_link_libraries(app PRIVATE fanin::fanin)`` in CMakeLists.txt. It is a shared
    library, which the program needs at run time; `add_subdirectory` of the sources builds a static or shared one.

    Returns
    -------
    str

    Examples
    --------
    >>> import fanin, os
    >>> os.path.basename(fanin.get_cmake_dir())
    'cmake'
    """
    return str(_HERE / "cmake")


def config() -> dict[str, str | int | bool | tuple[str, ...]]:
    """Return the version, compiler, OpenMP, instruction sets and number of threads as a dict.

    Returns
    -------
    dict of name -> str, int, bool or tuple of str

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
    """Print the version, compiler, OpenMP, instruction sets (built, available, active) and number of threads.

    Examples
    --------
    >>> import fanin
    >>> fanin.show_config()  # doctest: +ELLIPSIS
    version    ...
    """
    for name, value in config().items():
        text = ", ".join(value) if isinstance(value, tuple) else value
        print(f"{name:<10} {text}")
