"""A Sphinx extension: public names in backticks in Markdown, such as `optim.SGD`, link to the reference."""

from __future__ import annotations

import importlib
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

MODULES = (
    "fanin",
    "optim",
    "initializers",
    "search",
    "plot",
    "diagnose",
    "distributed",
    "export",
    "cpu",
    "sklearn",
)


def public_names() -> dict[str, str]:
    """Return the full name of each public one, by the ways to write it: SGD, optim.SGD, fanin.optim.SGD."""
    names: dict[str, str] = {}
    for module in MODULES:
        full = "fanin" if module == "fanin" else f"fanin.{module}"
        public = importlib.import_module(full)
        for name in getattr(public, "__all__", ()):
            target = f"{full}.{name}"
            names |= {target: target, f"{module}.{name}": target}
            if name[0].isupper() or full == "fanin":
                names.setdefault(name, target)
            for method in vars(getattr(public, name)) if isinstance(getattr(public, name), type) else ():
                names.setdefault(f"{name}.{method}", f"{target}.{method}")
    return names


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Turn literals that are public names into references; those the reference does not have stay literals."""
    if app.env.docname.startswith(("gallery/", "reference/")):
        return
    for literal in list(doctree.findall(nodes.literal)):
        target = NAMES.get(literal.astext().removesuffix("()"))
        if target and not isinstance(literal.parent, nodes.title | nodes.reference | addnodes.pending_xref):
            options: dict[str, Any] = {"refdomain": "py", "reftype": "obj", "refdoc": app.env.docname}
            reference = addnodes.pending_xref(
                "", reftarget=target, refexplicit=True, refwarn=False, **options
            )
            literal.replace_self(reference)
            reference += literal


NAMES = public_names()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("doctree-read", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
