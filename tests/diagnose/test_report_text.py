"""A diagnosis in a terminal names every finding, its remedy and its proof, in lines that fit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from diagnosed import EDGES, HOSTILE, diagnosed, diverged, examined, healthy, solved, stopped_at_once
from fanin.diagnose import Finding
from fanin.diagnose.kinds import KINDS
from fanin.diagnose.text import (
    described,
    headline,
    last_measured,
    layer_rows,
    proof_sentence,
    shown,
)
from fanin.written import one_line


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def flat(text):
    """The text without its line breaks."""
    return " ".join(text.split())


def test_the_text_of_a_diagnosis_has_each_finding_with_advice_remedy_code_and_proof():
    made = diagnosed()
    text = flat(described(made))
    assert text.startswith("3 faults, 2 warnings fanin.Network 4-8-6-3")
    assert "20 epochs, training loss 1.1 -> 0.22, validation loss 1.1 -> 0.52" in text
    for number, finding in enumerate(made.findings, start=1):
        title = f"{number}. {finding.severity}: {finding.kind.replace('_', ' ')}"
        assert f"{title} " in text
        assert one_line(finding.message) in text
        assert f"advice: {KINDS[finding.kind]}" in text
        if finding.remedy is not None:
            assert f"remedy: {finding.remedy.action} {flat(finding.remedy.code(made.start))}" in text
    assert "saturated units (layer2, epoch 3, step 120)" in text


def test_a_proof_is_one_sentence_with_as_many_decimals_as_its_error_justifies():
    proved, no_better, failed = (proof_sentence(found.proof) for found in diagnosed().findings[:3])
    assert proved == "proved: validation loss 0.690 -> 0.210, difference 0.480 +- 0.021 over 300 rows"
    assert no_better == (
        "tried, no improvement: validation error rate 0.690 -> 0.700, difference -0.010 +- 0.020 over 300 rows"
    )
    assert failed == "tried, no comparison: diverged"
    capped = replace(diagnosed().findings[0].proof, difference=0.4)
    assert proof_sentence(capped).endswith(" 300 rows, each capped at ten times the best constant outputs")


def test_the_text_of_a_diagnosis_ends_with_the_figures_of_each_layer_in_columns_that_line_up():
    made = diagnosed()
    *_, head, inputs, first, second, third = described(made).splitlines()
    columns = ["mean", "deviation", "dead", "saturated", "rms", "gradient", "update/weight"]
    assert head.split() == ["after", "epoch", "20", *columns]
    assert inputs.split()[0] == "inputs"
    assert inputs.split()[-2:] == ["-", "-"]
    assert len({len(line) for line in (head, inputs, first, second, third)}) == 1
    watched = made.watched
    cells = first.split()
    assert float(cells[1]) == pytest.approx(watched.mean[-1, 1], rel=1e-2)
    assert float(cells[3]) == pytest.approx(100 * watched.dead[-1, 1], abs=0.1)
    assert float(cells[-2]) == pytest.approx(watched.gradient_of_layer[-1, 1], rel=1e-2)
    assert float(cells[-1]) == pytest.approx(watched.ratio[-1, 0], rel=1e-2)


def test_the_figures_of_the_last_record_that_was_measured_are_shown():
    made = diagnosed()
    made.watched.deviation[15:] = math.nan
    assert last_measured(made.watched) == 14
    assert "after epoch 15 " in described(made)


@pytest.mark.parametrize("columns", [20, 77, 1000])
@pytest.mark.parametrize("name", EDGES)
def test_lines_of_a_diagnosis_fit_the_terminal(name, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    *prose, table = described(EDGES[name]()).split("\n\n")
    assert max(map(len, table.splitlines())) <= 100
    for block in prose:
        assert max(map(len, block.splitlines())) <= min(max(columns, 60), 100)


def test_a_diagnosis_without_findings_says_that_none_were_found():
    assert described(healthy()).startswith("no faults found\n")
    assert headline([Finding("spike", "A jump.", 2.0, 1.0, severity="warning")]) == "1 warning"
    assert headline([Finding("spike", "A jump.", 2.0, 1.0)]) == "1 fault"


def test_control_characters_of_data_never_reach_the_terminal():
    text = described(diagnosed()) + described(examined())
    assert all(character.isprintable() or character == "\n" for character in text)
    assert one_line(HOSTILE) in flat(described(diagnosed()))
    assert one_line("a\x00\n\ud800\tb") == r"a\x00 \ud800 b"


def test_fits_of_which_little_is_known_are_described():
    assert described(solved()).endswith("fanin.optim.LBFGS()\n5 epochs, training loss 1.1 -> 0.22")
    assert "1 epoch, training loss nan -> nan" in described(diverged())
    for made in (diverged(), stopped_at_once()):
        assert described(made).endswith("\nno step was measured")


def test_an_examination_ends_with_its_figures():
    lines = described(examined()).splitlines()
    assert lines[0] == "1 fault"
    assert lines[2] == "the weights are at a saddle"
    at = lines.index(next(line for line in lines if line.startswith("redundancy")))
    assert [line.split() for line in lines[at : at + 3]] == [
        ["redundancy", "0.912"],
        ["noise_scale", "812"],
        ["largest_curvature", "-"],
    ]


def test_the_ratio_of_a_layer_is_that_of_its_weights_or_else_of_its_first_array():
    made = healthy()
    for arrays, expected in (
        (("layer1.bias", "layer1.weight", "layer2.gamma", "layer2.beta"), (1, 2)),
        (("layer1.layer1.weight", "layer1.layer1.bias", "x", "layer2.weight"), (None, 3)),
    ):
        rows = layer_rows(replace(made.watched, arrays=arrays), 19)
        ratios = ["-" if k is None else shown(made.watched.ratio[19, k]) for k in expected]
        assert [row[-1] for row in rows] == ["-", *ratios]
