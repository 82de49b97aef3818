"""`fanin fit --diagnose`: what it prints and writes, and its message for each page that it cannot write."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from fanin import Dense, Network
from fanin.command.diagnosis import print_diagnoses
from fanin.command.main import main
from fanin.diagnose import KINDS, Diagnosis, Finding
from fanin.sklearn import FaninRegressor
from tables import FAST, FileWriter, rows

CONTENT = "x,y\n" + rows(lambda n: f"{n},{n / 7}")


def diagnosis_of(*findings: Finding) -> Diagnosis:
    net = Network(1, [Dense(1)])
    diagnosis: Diagnosis = net.fit([[0.0], [1.0]], [1.0, 3.0], diagnose=True).diagnosis
    return Diagnosis(diagnosis.evidence, findings)


def fit(write: FileWriter, *options: str) -> int:
    table = write("t.csv", CONTENT)
    return main(["fit", str(table), "--target", "y", *FAST, *options])


def test_the_findings_are_printed_after_the_score_and_the_model_is_the_same(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_it, without = tmp_path / "with", tmp_path / "without"
    assert fit(write, "--model", str(without)) == 0
    assert "Diagnosis" not in capsys.readouterr().out
    assert fit(write, "--model", str(with_it), "--diagnose") == 0
    printed = capsys.readouterr().out
    assert printed.index("Score of") < printed.index("Diagnosis of ") < printed.index("Saved ")
    table = {"x": np.linspace(0, 60, 30)}
    one, other = (FaninRegressor.load(path)._model.predict(table)[0] for path in (with_it, without))
    assert np.array_equal(one, other)


def test_the_page_is_about_a_network_of_the_model(
    write: FileWriter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    page = tmp_path / "page.html"
    assert fit(write, "--model", str(tmp_path / "m"), "--cv", "2", "--diagnose", str(page)) == 0
    printed = capsys.readouterr().out
    assert printed.count("Diagnosis of ") == 1
    assert f"Saved {page}, about network " in printed
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_each_kind_of_finding_is_printed_once_with_the_number_of_networks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jump = Finding("spike", "the loss jumps", 20.0, 10.0, severity="warning")
    short = [Finding("too_few_epochs", f"only {steps} steps", steps, 200.0) for steps in (5, 6)]
    print_diagnoses(
        [diagnosis_of(), diagnosis_of(jump, jump), diagnosis_of(*short), diagnosis_of(short[1])], ""
    )
    assert capsys.readouterr().out.splitlines() == [
        "Diagnosis of 4 networks: 1 fault, 1 warning",
        "  fault in 2 of 4 networks: too few epochs: only 5 steps",
        f"    {KINDS['too_few_epochs']}",
        "  warning in 1 of 4 networks: spike: the loss jumps",
        f"    {KINDS['spike']}",
    ]


def test_without_findings_a_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_diagnoses([diagnosis_of()], "")
    assert capsys.readouterr().out == "Diagnosis of 1 network: no faults found\n"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("page.txt", "--diagnose: expected a file whose name ends in .html, got page.txt"),
        ("absent/page.html", "--diagnose: there is no folder absent"),
        ("folder.html", "--diagnose: folder.html is a folder; expected a file"),
        ("m.html", "--diagnose: this is the model; expected another file"),
    ],
)
def test_a_page_that_cannot_be_written_is_an_error_before_training(
    page: str,
    message: str,
    write: FileWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    assert fit(write, "--model", "m.html", "--diagnose", page) == 2
    assert capsys.readouterr() == ("", f"fanin fit: {message}\n")
    assert not (tmp_path / "m.html").exists()


def test_without_matplotlib_a_page_is_an_error_before_training(
    write: FileWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert fit(write, "--model", str(tmp_path / "m"), "--diagnose", str(tmp_path / "page.html")) == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert 'matplotlib is not installed; run pip install "fanin[plot]"' in error
    assert fit(write, "--model", str(tmp_path / "m"), "--diagnose") == 0
