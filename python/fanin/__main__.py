"""The command line: ``fanin demo``, or ``python -m fanin demo``."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

import fanin
from fanin.demo import cli
from fanin.csv.errors import UserError, one_line


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command-line arguments without the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0 on success, 2 on an error (one line on stderr says why), 130 after Ctrl-C, and 141 if the output
        pipe is closed, as shells report SIGPIPE.

    Raises
    ------
    SystemExit
        From argparse: code 2 for an unknown option or an invalid value, code 0 after ``--help`` and
        ``--version``.
    """
    _tolerate_any_output()
    parser = argparse.ArgumentParser(
        prog="fanin", description="Neural networks on the CPU, near the hardware's speed limit."
    )
    parser.add_argument("--version", action="version", version=f"fanin {fanin.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli.add_demo(commands)
    try:
        try:
            cli.run_demo(parser.parse_args(arguments))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`fanin demo | head`) has stopped reading.
        _discard_output()
        return 141
    except KeyboardInterrupt:
        return _stopped("interrupted", 130, before="\n")
    except MemoryError:
        return _stopped("not enough memory; try a narrower net (--hidden) or a smaller table")
    except (UserError, ValueError) as error:
        return _stopped(str(error))
    except OSError as error:
        _discard_output()  # stdout itself may be what cannot be written to
        return _stopped(str(error))
    except Exception as error:
        return _stopped(f"{type(error).__name__}: {error}")
    return 0


def _tolerate_any_output() -> None:
    """Escape characters that a terminal or pipe cannot encode, and discard output if there is no stream."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Keep the interpreter from reporting a failed flush at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stopped(message: str, code: int = 2, before: str = "") -> int:
    with contextlib.suppress(OSError):
        print(f"{before}fanin demo: {one_line(message)}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
