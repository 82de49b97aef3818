"""`fanin demo`: what it prints, and its message for each invalid input."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")

from fanin.__main__ import main
from fanin.csv.errors import UserError, require

Writer = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def write_csv(content: str | bytes) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_csv


def rows(line: Callable[[int], str], count: int = 60) -> str:
    return "".join(line(row) + "\n" for row in range(count))


def accuracies(printed: str) -> list[float]:
    return [
        float(number)
        for number in re.findall(r"^(?:fanin|scikit-learn) \S+ +([\d.]+) %", printed, re.MULTILINE)
    ]


def test_digits_demo_reaches_97_percent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--no-compare"]) == 0
    printed, progress = capsys.readouterr()
    assert len(accuracies(printed)) == 1
    assert accuracies(printed)[0] >= 97
    assert len(re.findall(r"^ +\d+ +[\d.]+ +[\d.]+ %$", printed, re.MULTILINE)) == 40
    assert progress == "", "a progress bar belongs on a terminal only"


def test_the_table_compares_fanin_with_scikit_learn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--epochs", "2"]) == 0
    printed = capsys.readouterr().out
    assert all(accuracy > 80 for accuracy in accuracies(printed))
    assert len(accuracies(printed)) == 2
    assert " times as long per epoch as " in printed


def test_the_same_seed_prints_the_same_errors(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert main(["demo", "--epochs", "2", "--no-compare", "--seed", "5"]) == 0
        printed.append(accuracies(capsys.readouterr().out))
    assert printed[0] == printed[1]
    assert len(printed[0]) == 1


def test_a_table_with_text_target_is_classified(write: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("size,colour,kind\n" + rows(lambda row: f"{row % 7},{'rg'[row % 2]},{'ab'[row % 2]}"))
    assert main(["demo", "--csv", str(path), "--target", "kind", "--epochs", "15"]) == 0
    printed = capsys.readouterr().out
    assert accuracies(printed) == [100.0, 100.0]
    assert "'kind' (2 classes) from 2 columns, 3 inputs" in printed


def test_a_table_with_number_target_is_reported_in_its_own_units(
    write: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("x,price\n" + rows(lambda row: f"{row},{1e6 + 1000 * row}", 300))
    assert main(["demo", "--csv", str(path), "--target", "price", "--no-compare"]) == 0
    printed = capsys.readouterr().out
    found = re.search(r"^fanin \S+ +([\d,.]+) +([\d.]+) ", printed, re.MULTILINE)
    assert found, printed
    assert 0 < float(found[1].replace(",", "")) < 20_000
    assert float(found[2]) > 0.95


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        ("", "a", "is empty"),
        ("\n\n", "a", "is empty"),
        ("a,b\n", "a", "has a header but no rows"),
        ("a,b\n1,2\n3,4,5\n", "a", "line 3: 3 fields, but the header has 2"),
        ("a,b\n\n1\n", "a", "line 3: 1 field, but the header has 2 (separated by ',')"),
        ("a,a\n1,2\n", "a", "two columns named 'a'"),
        ("a,price\n1,2\n", "Prise", "did you mean 'price'?); its columns are 'a', 'price'"),
        ("1,2\n1,2\n", "a", "the first line must name the columns"),
        (b"a,b\n1,\x81\n", "a", "line 2: not UTF-8 text"),
        ('a,b\n1,"x\n', "a", "unexpected end of data"),
        ("a,b\n" + "1,2\n" * 30, "a", "the target column 'a' is '1' in every row that has a target"),
        ("a,b\n" + ",2\n" * 30, "a", "the target column 'a' has no values"),
        ("a,b\n" + rows(lambda row: f"{row / 8},"), "a", "has no values; ignore it with --drop 'b'"),
        ("a,b\n" + rows(lambda row: f"{row / 8},7"), "a", "no usable input: column 'b' is ignored"),
        ("a,b\n" + rows(lambda row: f"{row / 8},-inf"), "a", "column 'b', line 2: '-inf' is not a finite number"),
        ("a,b\n" + rows(lambda row: f"{row / 8},{'-'[row % 2 :]}1.7e308"), "a", "overflow or vanish when"),
        ("a,b\n" + rows(lambda row: f"{row},2", 5), "a", "at least 20 rows with a target are needed, got 5"),
        ("a\n" + rows(str), "a", "has no columns left to predict 'a' from"),
        ("a,b\n1,2\n1,\0\n", "a", "line 3: contains a null byte"),
        ("a,b\n" + rows(lambda row: f"2020-01-{1 + row % 28},{row}"), "a", "the target column 'a' holds dates"),
        ("a,b\n" + rows(lambda row: f"{row / 8},0{1 + row % 9}/02/2020"), "a", "may be 2020-02-01 or 2020-01-02"),
        ("a\x1b[2J,b\n1,2\n", "c", "its columns are 'a\\x1b[2J', 'b'"),
        ("a,b\n" + rows(lambda row: f"{row / 8},{'x' * 200_000}"), "a", "line 2: field larger than field limit"),
        ("a,b\n" + rows(lambda row: f"name {row},{row}"), "a", "60 different values in 60 rows, too many"),
    ],
)  # fmt: skip
def test_an_unusable_table_gets_a_clear_message(
    content: str | bytes, target: str, message: str, write: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(content)
    assert main(["demo", "--csv", str(path), "--target", target]) == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert error.startswith("fanin demo: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threads", "100000"], "--threads: "),
        (["--csv", "absent.csv", "--target", "a"], "there is no file absent.csv"),
        (["--csv", ".", "--target", "a"], ". cannot be read"),
        (["--csv", "/dev/zero", "--target", "a"], "/dev/zero is a device"),
        (["--csv", "a\0b", "--target", "a"], "embedded null byte"),
        (["--batch-norm", "--batch-size", "1"], "expected at least 2"),
        (["--hidden", "99999999,99999999"], "GB of memory, but this machine has"),
        (["--target", "a"], "need --csv FILE"),
        (["digits", "--csv", "a.csv"], "--csv cannot be combined with a data set"),
        (["--data", "."], "--data needs fashion-mnist"),
        (["fashion-mnist", "--data", "absent"], "dataset-fashion-mnist"),
        (
            ["fashion-mnist", "--data", "."],
            "has neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz",
        ),
        (["--learning-rate", "1e30", "--no-compare"], "training diverged"),
    ],
)
def test_invalid_options_get_a_clear_message(
    arguments: Sequence[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "expected a whole number from 1"),
        (["--epochs", "9" * 5000], "expected a whole number from 1 to 2147483647, got '999"),
        (["--learning-rate", "-1"], "expected a number above 0"),
        (["--hidden", "64,x"], "expected units like 256,128"),
    ],
)
def test_values_of_the_wrong_kind_get_a_clear_message(
    arguments: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", *arguments])
    assert message in capsys.readouterr().err


def test_the_error_for_a_forgotten_target_lists_the_columns(
    write: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--csv", str(write("a,b\n1,2\n"))]) == 2
    assert "its columns are 'a', 'b'" in capsys.readouterr().err


def test_the_error_for_a_missing_package_gives_the_command_that_installs_it() -> None:
    with pytest.raises(UserError, match=re.escape('absent is not installed; run pip install "fanin[demo]"')):
        require("absent_package", "absent", "demo")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (
            MemoryError("std::bad_alloc"),
            2,
            "not enough memory; try a narrower net (--hidden) or a smaller table",
        ),
        (OSError(28, "No space left on device"), 2, "[Errno 28] No space left on device"),
        (ValueError("epochs:\nexpected more"), 2, "epochs:\\nexpected more"),
        (ZeroDivisionError("division by zero"), 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_every_exception_ends_in_one_line(
    error: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("fanin.demo.cli.train", fail)
    monkeypatch.setattr("fanin.command.main._discard_output", lambda: None)
    assert main(["demo"]) == code
    assert capfd.readouterr().err.lstrip("\n") == f"fanin demo: {line}\n"


def in_a_process(
    *arguments: str, stdout: Any = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fanin", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "", **environment}
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=environment)


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["ascii", "C"],
)
def test_names_that_a_terminal_cannot_show_are_printed_as_escapes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "h\u00f6he\n.csv"
    path.write_text(
        "gr\u00f6\u00dfe,b\n" + rows(lambda row: f"{row / 7},{row if row else chr(0x1F600)}"), "utf-8"
    )
    options = ["--csv", str(path), "--target", "gr\u00f6\u00dfe", "--epochs", "1", "--no-compare"]
    done = in_a_process("demo", *options, **environment)
    assert done.stderr == b""
    assert done.returncode == 0
    assert b"'gr\\xf6\\xdfe' (regression) from 1 column" in done.stdout
    assert b"'\\U0001f600' in line 2 is not a finite number" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that break")
def test_output_that_nobody_reads_ends_the_command_as_sigpipe_would() -> None:
    for arguments in (["demo", "--help"], ["demo", "--epochs", "3", "--no-compare"]):
        read, write_end = os.pipe()
        os.close(read)
        done = in_a_process(*arguments, stdout=write_end)
        os.close(write_end)
        assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_output_that_cannot_be_written_is_reported() -> None:
    with open("/dev/full", "wb") as full:
        done = in_a_process("demo", "--help", stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"fanin demo: [Errno 28] No space left on device\n"


def test_without_scikit_learn_a_table_is_trained_on(
    write: Writer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fanin.demo.cli.find_spec", lambda _: None)
    path = write("x,y\n" + rows(lambda row: f"{row},{row / 7}"))
    assert main(["demo", "--csv", str(path), "--target", "y", "--epochs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "scikit-learn 1" not in printed
    assert 'pip install "fanin[demo]"' in printed
