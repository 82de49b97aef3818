"""Figures as parts of a page."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fanin.plot.figure import COLOURS, GREY, import_matplotlib

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# the page defines these colours, for light and dark
_OF_PAGE = {
    "#000000": "var(--ink)",
    "#ffffff": "var(--paper)",
    GREY: "var(--grey)",
    COLOURS[0].lower(): "var(--blue)",
}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fanin",
    "legend.facecolor": "white",
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor", "savefig.edgecolor"), "none"),
}
_DPI = 160  # of heat maps
_NAMES = "Creator", "Date", "Format", "Type"  # of metadata that matplotlib would write


def inline_svg(draw: Callable[[], Figure], name: str, label: str) -> str:
    """Return what a function draws as an SVG element, the same each time.

    Its ids start with the name, so that a page may have several; the label is for screen readers. Whatever style the
    user has chosen for matplotlib, it is drawn in the default style, on a transparent background.
    """
    written = io.StringIO()
    with import_matplotlib().style.context(["default", _STYLE]):
        draw().savefig(written, format="svg", dpi=_DPI, metadata=dict.fromkeys(_NAMES))
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)  # a page in HTML has no namespaces
    for colour, variable in _OF_PAGE.items():
        text = text.replace(colour, variable)
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}"', 1).strip()
