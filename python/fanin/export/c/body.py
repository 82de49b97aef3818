"""A C function under construction: its calls, and the memory of the values between them."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase
from textwrap import wrap

FLOAT = 4  # bytes
_WIDTH, _INDENT = 98, "    "  # of calls


@dataclass(eq=False)
class Buffer:
    """Memory for so many floats. If it has no name, `Body.lines` allots memory of the function to it."""

    columns: int
    name: str = ""
    kept: bool = False  # it is needed again, so results computed from it get memory of their own

    def at(self, first: int) -> Place:
        """Return the place of an element."""
        return Place(self, first)


@dataclass(frozen=True)
class Place:
    """The memory of a buffer from an element on."""

    buffer: Buffer
    first: int


Argument = Buffer | Place | str | int


class Body:
    """The calls of a function, in order."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, tuple[Argument, ...]]] = []
        self.bytes = 0  # of memory of the function, once it has `lines`

    def call(self, function: str, *arguments: Argument) -> None:
        """Add a call."""
        self._calls.append((function, arguments))

    def lines(self, storage: str) -> list[str]:
        """Return the declarations of buffers, then the calls."""
        sizes = self._share_out()
        self.bytes = FLOAT * sum(sizes.values())
        declared = [f"{storage} float {name}[{size}];" for name, size in sizes.items()]
        calls = (f"{function}({', '.join(map(_text, given))});" for function, given in self._calls)
        return [
            *declared,
            *(line for call in calls for line in wrap(call, _WIDTH, subsequent_indent=_INDENT)),
        ]

    def _share_out(self) -> dict[str, int]:
        """Name the other buffers, alike if they are not needed at the same time; return the size of each name."""
        spans: dict[Buffer, tuple[int, int]] = {}
        for number, (_, arguments) in enumerate(self._calls):
            for argument in arguments:
                buffer = argument.buffer if isinstance(argument, Place) else argument
                if isinstance(buffer, Buffer) and not buffer.name:
                    first, _ = spans.get(buffer, (number, number))
                    spans[buffer] = first, number
        sizes: dict[str, int] = {}
        free_after: dict[str, int] = {}
        for buffer, (first, last) in spans.items():
            free = [name for name, end in free_after.items() if end < first]
            name = free[0] if free else _name(len(sizes))
            buffer.name, free_after[name] = name, last
            sizes[name] = max(sizes.get(name, 0), buffer.columns)
        return sizes


def _text(argument: Argument) -> str:
    if isinstance(argument, Place):
        return f"{argument.buffer.name} + {argument.first}" if argument.first else argument.buffer.name
    return argument.name if isinstance(argument, Buffer) else str(argument)


def _name(number: int) -> str:
    letters = ascii_lowercase[:23]  # x and y are taken
    return letters[number] if number < len(letters) else f"a{number}"
