"""The command line: ``fanin``, or ``python -m fanin``."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

import fanin
from fanin.command import fit, predict, show
from fanin.csv.errors import UserError, one_line
from fanin.demo import cli

_RUN = {"demo": cli.run_demo, "fit": fit.run_fit, "predict": predict.run_predict, "show": show.run_show}
_SMALLER = {"demo": "try a narrower net (--hidden) or a smaller table", "fit": "try fewer rows or columns"}


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
    arguments = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in arguments if word in _RUN), "")
    try:
        try:
            options = _parser().parse_args(arguments)
            _RUN[options.command](options)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`fanin demo | head`) has stopped reading.
        _discard_output()
        return 141
    except KeyboardInterrupt:
        return _stopped(command, "interrupted", 130, before="\n")
    except MemoryError:
        return _stopped(command, f"not enough memory; {_SMALLER.get(command, 'try fewer rows')}")
    except (UserError, ValueError) as error:
        return _stopped(command, str(error))
    except OSError as error:
        _discard_output()  # stdout itself may be what cannot be written to
        return _stopped(command, str(error))
    except Exception as error:
        return _stopped(command, f"{type(error).__name__}: {error}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fanin", description="Neural networks on the CPU, near the hardware's speed limit."
    )
    parser.add_argument("--version", action="version", version=f"fanin {fanin.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    fit.add_fit(commands)
    predict.add_predict(commands)
    show.add_show(commands)
    cli.add_demo(commands)
    return parser


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


def _stopped(command: str, message: str, code: int = 2, before: str = "") -> int:
    with contextlib.suppress(OSError):
        print(f"{before}{f'fanin {command}'.rstrip()}: {one_line(message)}", file=sys.stderr, flush=True)
    return code
