"""The command line: ``fanin demo``, also reached as ``python -m fanin demo``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import fanin
from fanin.demo import cli
from fanin.demo.errors import DemoError


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
        0 when all went well, 2 for input that cannot be used (one sentence on stderr says why),
        130 after Ctrl-C.

    Raises
    ------
    SystemExit
        From argparse: code 2 for an option that does not exist or has a value of the wrong kind,
        code 0 after ``--help`` and ``--version``.
    """
    parser = argparse.ArgumentParser(
        prog="fanin", description="Neural networks on the CPU, at the speed of the CPU."
    )
    parser.add_argument("--version", action="version", version=f"fanin {fanin.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli.add_demo(commands)
    options = parser.parse_args(arguments)
    try:
        cli.run_demo(options)
    except DemoError as error:
        print(f"fanin demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nfanin demo: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (`fanin demo | head`) has all it wanted; without this the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
