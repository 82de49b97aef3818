"""The command line: ``fanin``, or ``python -m fanin``."""

import sys

from fanin.command.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
