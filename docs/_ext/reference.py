"""The reference of Python: which members its pages show, and what single backticks link to."""

from __future__ import annotations

import importlib
import re
from typing import Any

from docutils import nodes
from internal import is_internal
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def skip(app: Sphinx, kind: str, name: str, member: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what is internal, and scikit-learn's routing of metadata."""
    return True if is_internal(name, member) else None


def shorten(app: Sphinx, kind: str, name: str, member: Any, options: Any, lines: list[str]) -> None:
    """Keep the first paragraph of what is inherited from scikit-learn: the rest refers to pages of its own site."""
    inherited = (getattr(getattr(member, "fget", member), "__module__", None) or "").startswith("sklearn.")
    if inherited:
        end = lines.index("") if "" in lines else len(lines)
        lines[end:] = ["", "As in scikit-learn.", ""]
        lines[:] = [re.sub(r":\w+:`([^`<]+?)( <[^`>]*>)?`", r"\1", line) for line in lines]


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element) -> Any:
    """Find `Network.fit` or `optim.Adam` from any module; names without a capital or a dot are arguments."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not ("." in target or target[:1].isupper()):
        return None
    domain = env.domains.python_domain
    found = sorted(
        (name for name in domain.objects if f".{name}".endswith(f".{target}")), key=lambda n: n.count(".")
    )
    if not found:
        return None
    page = node.get("refdoc", env.docname)
    return domain.resolve_xref(env, page, app.builder, "obj", found[0], node, text)


def link_types(app: Sphinx) -> None:
    """Let numpydoc link our classes, and nothing else, in the types of parameters."""
    places = {"": "", "optim.": "", "diagnose.": "", "losses.": "losses."}  # and what types begin with
    app.config.numpydoc_xref_aliases_complete = {
        f"{prefix}{name}": f"fanin.{module}{name}"
        for module, prefix in places.items()
        for name, value in vars(importlib.import_module(f"fanin.{module}".rstrip("."))).items()
        if isinstance(value, type)
    }


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", link_types, priority=900)  # after numpydoc
    app.add_css_file("reference.css")
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-docstring", shorten, priority=100)  # before numpydoc, which has 500
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
