"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator


def check_file_name(path: str) -> None:
    """Raise OSError if a file cannot have this path, because it is empty or that of a folder."""
    if not path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if os.path.isdir(path) or not os.path.basename(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[str]:
    """Give the name of an empty file in the same folder; once it is written, it becomes `path`, by a rename.

    Symbolic links are followed, and the permissions of an existing file are kept. If writing fails, the new file is
    removed, and `path` is as it was. A pipe or a device is written directly: its own name is given.
    """
    check_file_name(path)
    if os.path.exists(path) and not os.path.isfile(path):
        yield path
        return
    target = os.path.realpath(path)
    with _errors_of(path):
        handle, name = tempfile.mkstemp(prefix=".fanin-", dir=os.path.dirname(target))
    os.close(handle)
    try:
        yield name
        with _errors_of(path):
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, os.stat(target).st_mode if os.path.exists(target) else 0o666 & ~mask)
            os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _errors_of(path: str) -> Iterator[None]:
    """Let errors name this path instead of the new file, which the user does not know."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from None
