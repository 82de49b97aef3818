"""What a terminal shows of a diagnosis, and the words and figures that the report shares with it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import counted
from fanin.diagnose.kinds import KINDS
from fanin.diagnose.remedy import code_of
from fanin.terminal import width as terminal_width
from fanin.written import aligned, one_line

if TYPE_CHECKING:
    from fanin.diagnose.finding import Finding
    from fanin.diagnose.proof import Proof
    from fanin.network import Network
    from fanin.training.watched import Figures, Watched

_INDENT = "   "
LAYER_COLUMNS = ("mean", "deviation", "dead", "saturated", "rms gradient", "update/weight")
ARRAY_COLUMNS = ("rms gradient", "rms weight", "rms update", "update/weight")


def described(diagnosis: Any) -> str:
    """Return the findings with their remedies and proofs, and the figures of each layer, for a terminal.

    Lines have as many characters as the terminal has columns, but at most 100 and no less than 60.
    """
    width = terminal_width()
    lines = [headline(diagnosis.findings)]
    lines += [line for fact in facts(diagnosis).values() for line in _wrapped(fact, width)]
    for number, finding in enumerate(diagnosis.findings, start=1):
        lines += ["", *_finding_lines(number, finding, diagnosis.start, width)]
    watched: Watched | None = getattr(diagnosis, "watched", None)
    if watched is not None:
        lines += ["", *_layer_lines(watched)]
    figures: Mapping[str, float] = getattr(diagnosis, "figures", {})
    if figures:
        lines += ["", *_table([(one_line(name), shown(value)) for name, value in figures.items()])]
    return "\n".join(lines)


def headline(findings: Sequence[Finding]) -> str:
    """Return how many faults and warnings there are."""
    counts = [(sum(f.severity == kind for f in findings), kind) for kind in ("fault", "warning")]
    return ", ".join(counted(count, kind) for count, kind in counts if count) or "no faults found"


def facts(diagnosis: Any) -> dict[str, str]:
    """Return what was diagnosed, by name: the network, where its weights are, the rule, and how the fit went."""
    found = {"network": one_line(repr(diagnosis.start).strip("<>"))}
    if place := getattr(diagnosis, "place", ""):
        found["place"] = f"the weights are at a {one_line(place)}"
    if getattr(diagnosis, "settings", None) is not None:
        found["rule"] = code_of(diagnosis.settings.rule)
    if getattr(diagnosis, "history", None) is not None:
        history = diagnosis.history
        parts = [counted(len(history.loss), "epoch")]
        for name, curve in (("training loss", history.loss), ("validation loss", history.val_loss)):
            parts += [f"{name} {curve[0]:.3g} -> {curve[-1]:.3g}"] if curve else []
        found["fit"] = ", ".join(parts)
    return found


def place_of(finding: Finding) -> str:
    """Return where a finding was seen: "layer2, epoch 3, step 120", or an empty string."""
    parts = [one_line(finding.layer)] if finding.layer else []
    places = (("epoch", finding.epoch), ("step", finding.step))
    parts += [f"{name} {number:,}" for name, number in places if number is not None]
    return ", ".join(parts)


def advice_of(finding: Finding) -> str:
    """Return the textbook's advice on findings of this kind."""
    return KINDS.get(finding.kind, "")


def code_lines(finding: Finding, start: Network) -> list[str]:
    """Return the remedy as lines of Python, or none if it is not code."""
    return [] if finding.remedy is None else finding.remedy.code(start).splitlines()


def proof_sentence(proof: Proof) -> str:
    """Return in a line what a remedy does to the validation rows."""
    if proof.reason:
        return f"tried, no comparison: {one_line(proof.reason)}"
    verdict = "proved" if proof.improves else "tried, no improvement"
    numbers = (proof.before.error, proof.after.error, proof.difference, proof.standard_error)
    before, after, difference, error = _alike(numbers)
    whole = math.isclose(proof.before.error - proof.after.error, proof.difference, rel_tol=1e-6, abs_tol=1e-9)
    capped = "" if whole else ", each capped at ten times the best constant outputs"
    return (
        f"{verdict}: validation {one_line(proof.measure)} {before} -> {after}, "
        f"difference {difference} +- {error} over {counted(proof.rows, 'row')}{capped}"
    )


def shown(value: float) -> str:
    """Return a number in three digits; "-" if it was not measured."""
    return "-" if math.isnan(value) else f"{value:#.3g}".rstrip(".")


def last_measured(watched: Watched) -> int | None:
    """Return the last record with figures of layers, or None."""
    measured = np.isfinite(watched.deviation).any(axis=1)
    return int(np.flatnonzero(measured)[-1]) if measured.any() else None


def _latest(table: Figures) -> Figures:
    """Return the last number of each column; NaN if there is none."""
    last = len(table) - 1 - np.argmax(np.isfinite(table[::-1]), axis=0)
    latest: Figures = table[last, np.arange(table.shape[1])]
    return latest


def layer_rows(watched: Watched, record: int) -> list[tuple[str, ...]]:
    """Return a row for each layer: its name, and its latest figures up to a record in the order of `LAYER_COLUMNS`."""
    mean, deviation, gradient, ratio = (
        _latest(table[: record + 1])
        for table in (watched.mean, watched.deviation, watched.gradient_of_layer, watched.ratio)
    )
    rows = []
    for i, layer in enumerate(watched.layers):
        shares = [_percent(share[record, i]) for share in (watched.dead, watched.saturated)]
        own = [k for k, name in enumerate(watched.arrays) if name.rpartition(".")[0] == layer]
        weights = [k for k in own if watched.arrays[k].endswith(".weight")] or own[:1]
        rows.append(
            (
                one_line(layer),
                shown(mean[i]),
                shown(deviation[i]),
                *shares,
                shown(gradient[i]),
                shown(ratio[weights[0]]) if weights else "-",
            )
        )
    return rows


def array_rows(watched: Watched, record: int) -> list[tuple[str, ...]]:
    """Return a row for each trained array: its name, and its figures in the order of `ARRAY_COLUMNS`."""
    figures = (watched.gradient, watched.weight, watched.update, watched.ratio)
    return [
        (one_line(name), *(shown(figure[record, k]) for figure in figures))
        for k, name in enumerate(watched.arrays)
    ]


def _finding_lines(number: int, finding: Finding, start: Network, width: int) -> Iterator[str]:
    place = place_of(finding)
    title = f"{number}. {finding.severity}: {finding.kind.replace('_', ' ')}"
    yield from _wrapped(title + (f" ({place})" if place else ""), width)
    yield from _wrapped(one_line(finding.message), width, _INDENT)
    if advice := advice_of(finding):
        yield from _wrapped(f"advice: {advice}", width, _INDENT)
    if finding.remedy is not None:
        yield from _wrapped(f"remedy: {one_line(finding.remedy.action)}", width, _INDENT)
    for line in code_lines(finding, start):
        yield from _wrapped(line, width, 3 * _INDENT)
    if finding.proof is not None:
        yield from _wrapped(proof_sentence(finding.proof), width, _INDENT)


def _layer_lines(watched: Watched) -> list[str]:
    record = last_measured(watched)
    if record is None:
        return ["no step was measured"]
    title = f"after epoch {watched.epochs[record]:,}"
    return _table([(title, *LAYER_COLUMNS), *layer_rows(watched, record)])


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return aligned(rows, most={0: 30})


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def _alike(numbers: tuple[float, ...]) -> list[str]:
    """Return numbers with as many decimals as the standard error, the last one, justifies."""
    error = numbers[-1]
    if not (math.isfinite(error) and error > 0):
        return [f"{number:.3g}" for number in numbers]
    places = min(max(1 - math.floor(math.log10(error)), 0), 9)
    return [f"{number:.{places}f}" for number in numbers]
