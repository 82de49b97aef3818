"""A diagnosis as a page, and as what a notebook shows of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fanin.diagnose.style import NOTEBOOK, PAGE
from fanin.diagnose.text import (
    ARRAY_COLUMNS,
    LAYER_COLUMNS,
    advice_of,
    array_rows,
    code_lines,
    facts,
    headline,
    last_measured,
    layer_rows,
    place_of,
    proof_sentence,
    shown,
)
from fanin.notebook import framed, safe, table
from fanin.notebook import headline as bold
from fanin.storage import as_path
from fanin.whole_file import whole_file

if TYPE_CHECKING:
    from fanin.diagnose.finding import Finding
    from fanin.storage import Path

_LAYERS = (
    "Mean and deviation are of the activations, over rows and units, in their own units. Dead and saturated are shares "
    "of its units. The gradient is the root mean square of dE/dz, times the rows of a batch; update/weight is the "
    "root mean square of a step's change of the weights, relative to that of the weights."
)
_ARRAYS = (
    "Root mean squares of the gradient, of the weights and of their change in a step; the ratio of the last to the "
    "second of these."
)
_CURVES = (
    "Loss in units of the loss function, training and validation, validation metric and learning rate, by epoch. "
    "Dotted lines mark where the findings of these numbers were seen first."
)
_HEAT_MAPS = (
    "A row for each layer or trained array, a column for each record, by epoch. Dead and saturated are shares of a "
    "layer's units, from 0 to 1; mean and deviation of activations are in their own units; gradients (root mean square "
    "of dE/dz, times the rows of a batch) and update/weight are decimal logarithms. Hatched: not measured, or 0."
)
_PROOF = "Loss in units of the loss function by epoch: the fit as it was, and with the remedy."


def report_of(diagnosis: Any) -> str:
    """Return a page in HTML with the findings, their proofs, curves, and the layers epoch by epoch.

    The page is complete in itself: it needs no network and no scripts. The same diagnosis gives the same page.
    """
    of_fit = getattr(diagnosis, "history", None) is not None
    title = f"{'Diagnosis' if of_fit else 'Examination'}: {headline(diagnosis.findings)}"
    facts_shown = "".join(
        f"<dt>{safe(name)}</dt><dd>{safe(fact)}</dd>\n" for name, fact in facts(diagnosis).items()
    )
    parts = [_findings(diagnosis), *_pictures(diagnosis), *_tables(diagnosis, brief=False)]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{safe(title)}</title>\n<style>{PAGE}</style>\n</head>\n<body>",
            f"<header>\n<h1>{safe(title)}</h1>\n<dl>\n{facts_shown}</dl>\n</header>\n<main>",
            *parts,
            "</main>\n</body>\n</html>\n",
        ]
    )


def write_report(diagnosis: Any, path: Path) -> None:
    """Write the page to a file; an existing one is replaced once the new one is complete.

    Parameters
    ----------
    diagnosis : Diagnosis or Examination
    path : str, bytes or path
        By convention, it ends in ".html".

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    OSError
        If the file cannot be written; an existing file is then unchanged.
    TypeError, ValueError
        If `path` is not a path.
    """
    target = os.fsdecode(as_path(path))
    page = report_of(diagnosis)
    with whole_file(target) as name, open(name, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(page)


def notebook_html(diagnosis: Any) -> str:
    """Return what a notebook shows: the findings, with their remedies to unfold, and the last figures of the layers."""
    parts = [bold(headline(diagnosis.findings))]
    for number, finding in enumerate(diagnosis.findings, start=1):
        title, *details = _finding_parts(number, finding, diagnosis)
        summary = f"<summary>{title}: {safe(finding.message)}</summary>"
        parts.append(f'<details class="{safe(finding.severity)}">{summary}{"".join(details)}</details>')
    parts += _tables(diagnosis, brief=True)
    return framed(*parts, style=NOTEBOOK)


def _findings(diagnosis: Any) -> str:
    items = []
    for number, finding in enumerate(diagnosis.findings, start=1):
        title, *details = _finding_parts(number, finding, diagnosis)
        message = f"<p>{safe(finding.message)}</p>"
        head = f"<h3>{title}</h3>"
        picture = _proof_picture(number, finding)
        kind = f'class="finding {safe(finding.severity)}" id="finding-{number}"'
        items.append(f"<li {kind}>\n" + "\n".join([head, message, *details, *picture]) + "\n</li>")
    listed = "<ol>\n" + "\n".join(items) + "\n</ol>" if items else "<p>No faults found.</p>"
    return _section("findings", "Findings", listed)


def _finding_parts(number: int, finding: Finding, diagnosis: Any) -> Iterator[str]:
    """Yield the title, then what follows the message."""
    badges = [finding.severity, *(["proved"] if finding.proved else [])]
    marks = "".join(f' <span class="badge {safe(badge)}">{safe(badge)}</span>' for badge in badges)
    yield f"{number}. {safe(finding.kind.replace('_', ' '))}{marks}"
    numbers = f"statistic {shown(finding.number)}, limit {shown(finding.threshold)}"
    yield f'<p class="place">{safe("; ".join(filter(None, (place_of(finding), numbers))))}</p>'
    if advice := advice_of(finding):
        yield f'<p class="advice">{safe(advice)}</p>'
    if finding.remedy is not None:
        yield f"<p>Remedy: {safe(finding.remedy.action)}</p>"
    if lines := code_lines(finding, diagnosis.start):
        yield "<pre><code>" + "\n".join(safe(line) for line in lines) + "</code></pre>"
    if finding.proof is not None:
        sentence = proof_sentence(finding.proof)
        yield f"<p>{safe(sentence[0].upper() + sentence[1:])}</p>"


def _proof_picture(number: int, finding: Finding) -> list[str]:
    if finding.proof is None:
        return []
    from fanin.plot.diagnosis import proof
    from fanin.plot.svg import inline_svg

    label = f"Losses with and without the remedy of finding {number}"
    return [_figure(inline_svg(lambda: proof(finding), f"proof{number}", label), _PROOF)]


def _pictures(diagnosis: Any) -> Iterator[str]:
    """Yield the sections with the curves and the heat maps, as far as there are figures."""
    from fanin.plot.diagnosis import layers
    from fanin.plot.history import of_fit
    from fanin.plot.svg import inline_svg

    if getattr(diagnosis, "history", None) is not None:
        drawn = inline_svg(
            lambda: of_fit(diagnosis.history, diagnosis.findings),
            "curves",
            "Losses and learning rate by epoch",
        )
        yield _section("curves", "Curves", _figure(drawn, _CURVES))
    watched = getattr(diagnosis, "watched", None)
    if watched is not None and len(watched.epochs):
        label = f"Heat maps of {len(watched.layers)} layers by epoch"
        drawn = inline_svg(lambda: layers(diagnosis), "layers", label)
        yield _section("layers", "Layers by epoch", _figure(drawn, _HEAT_MAPS))


def _tables(diagnosis: Any, *, brief: bool) -> Iterator[str]:
    """Yield tables of the last measured record, and of the figures of an examination."""
    watched: Any = getattr(diagnosis, "watched", None)
    record = None if watched is None else last_measured(watched)
    if record is not None:
        epoch = f"after epoch {watched.epochs[record]:,}"
        caption = f"Layers {epoch}" + ("" if brief else f". {_LAYERS}")
        yield table(("layer", *LAYER_COLUMNS), layer_rows(watched, record), caption=caption)
        if not brief:
            caption = f"Trained arrays {epoch}. {_ARRAYS}"
            yield table(("array", *ARRAY_COLUMNS), array_rows(watched, record), caption=caption)
    figures = getattr(diagnosis, "figures", {})
    if figures:
        rows = [(name, shown(value)) for name, value in figures.items()]
        yield table(("figure", "value"), rows, caption="Figures of the examination")


def _section(name: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n{body}\n</section>'


def _figure(drawn: str, caption: str) -> str:
    return f"<figure>\n{drawn}\n<figcaption>{caption}</figcaption>\n</figure>"
