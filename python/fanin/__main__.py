"""The command line: ``fanin demo``, also reached as ``python -m fanin demo``."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

import fanin
from fanin.demo import cli
from fanin.demo.errors import DemoError, one_line


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0 when all went well, 2 for what cannot be done (one line on stderr says why), 130 after Ctrl-C, and
        141 where the output pipe is closed, as a shell has it for SIGPIPE.

    Raises
    ------
    SystemExit
        From argparse: code 2 for an option that does not exist or has a value of the wrong kind,
        code 0 after ``--help`` and ``--version``.
    """
    _print_anything()
    parser = argparse.ArgumentParser(
        prog="fanin", description="Neural networks on the CPU, at the speed of the CPU."
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
        # The reader (`fanin demo | head`) has all it wanted.
        _print_nothing_more()
        return 141
    except KeyboardInterrupt:
        return _stopped("interrupted", 130, before="\n")
    except MemoryError:
        return _stopped("not enough memory; a narrower net (--hidden) or a smaller table needs less")
    except (DemoError, ValueError) as error:
        return _stopped(str(error))
    except OSError as error:
        _print_nothing_more()  # where it may have been that cannot be written to
        return _stopped(str(error))
    except Exception as error:
        return _stopped(f"{type(error).__name__}: {error}")
    return 0


def _print_anything() -> None:
    """Write escapes for what a terminal or pipe cannot show, and nothing where there is no output."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _print_nothing_more() -> None:
    """Keep the interpreter from complaining at its end about what it cannot write."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stopped(message: str, code: int = 2, before: str = "") -> int:
    with contextlib.suppress(OSError):
        print(f"{before}fanin demo: {one_line(message)}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
