"""What a notebook shows of a value: tables in HTML, without scripts, in the notebook's own colours, light or dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from fanin.written import one_line

# everything follows the colour of the notebook's text
_STYLE = """
.fanin .wide { overflow-x: auto; }
.fanin .headline { font-weight: 600; margin: .3em 0; }
.fanin table { border-collapse: collapse; margin: .3em 0; font-variant-numeric: tabular-nums; }
.fanin th, .fanin td {
  padding: .1em .7em; border: 0; border-bottom: 1px solid #8886; text-align: right; background: none; color: inherit;
}
.fanin th.left, .fanin td.left { text-align: left; }
.fanin caption, .fanin p.note { opacity: .75; text-align: left; caption-side: top; margin: .2em 0; }
"""


def safe(text: object) -> str:
    """Return a text of the user, or of the data, for a page."""
    return html.escape(one_line(text))


def framed(*parts: str, style: str = "") -> str:
    """Return parts of HTML with the style of all that fanin shows in notebooks, and one of their own."""
    return f'<div class="fanin"><style>{_STYLE}{style}</style>{"".join(parts)}</div>'


def headline(text: object) -> str:
    """Return a line in bold."""
    return f'<p class="headline">{safe(text)}</p>'


def note(text: object) -> str:
    """Return a line below a table."""
    return f'<p class="note">{safe(text)}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str = "", left: int = 1) -> str:
    """Return a table whose rows have names; the first columns, so many, are aligned to the left, the others right."""
    sides = [' class="left"' if k < left else "" for k in range(len(head))]
    top = "".join(f'<th scope="col"{side}>{safe(name)}</th>' for side, name in zip(sides, head, strict=True))
    lines = []
    for name, *cells in rows:
        inner = "".join(f"<td{side}>{safe(cell)}</td>" for side, cell in zip(sides[1:], cells, strict=True))
        lines.append(f'<tr><th scope="row"{sides[0]}>{safe(name)}</th>{inner}</tr>')
    body = "\n".join(lines)
    titled = f"<caption>{safe(caption)}</caption>\n" if caption else ""
    return (
        f'<div class="wide"><table>\n{titled}<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )
