"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[str]:
    """Give the name of an empty file in the same folder; once it is written, it becomes `path`, by a rename.

    Symbolic links are followed, and the permissions of an existing file are kept. If writing fails, the new file is
    removed, and `path` is as it was.
    """
    target = os.path.realpath(path)
    folder, base = os.path.split(target)
    handle, name = tempfile.mkstemp(prefix=f".{base}.", dir=folder)
    os.close(handle)
    try:
        yield name
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, os.stat(target).st_mode if os.path.exists(target) else 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
