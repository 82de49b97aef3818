"""What this build of fanin is and how it runs."""

from __future__ import annotations

from fanin import _core
from fanin.checks import check_integer


def get_num_threads() -> int:
    """Return the number of threads that one call may use.

    At import it is ``FANIN_NUM_THREADS``, else what OpenMP says (``OMP_NUM_THREADS`` or the processors).

    Examples
    --------
    >>> import fanin
    >>> fanin.get_num_threads() >= 1
    True
    """
    return _core.num_threads()


def set_num_threads(n: int) -> None:
    """Set the number of threads that one call may use; results are the same bits for every number.

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
    check_integer("n", n, 1)
    _core.set_num_threads(min(n, 2**31 - 1))


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
