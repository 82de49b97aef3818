"""The bench's record of a run: compared, drawn and refused, without running anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = {"instruction_set": "avx2", "processors": 2}


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "bench", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def write_run(path, machine=MACHINE, **microseconds):
    """A run of three products: rounds by column."""
    cases = [
        {
            "case": f"{rows} x 64 x 64",
            "threads": 1,
            "result": "forward",
            "microseconds": {
                column: [factor * time for time in rounds] for column, rounds in microseconds.items()
            },
            "limit_microseconds": factor,
            "work": 8192.0 * rows,
        }
        for rows, factor in ((32, 1), (64, 2), (128, 4))
    ]
    group = {"versions": {}, "rate": "GFLOP/s", "cases": cases, "problems": []}
    path.write_text(json.dumps({"machine": machine, "products": group}))
    return path


def test_compare_shows_a_change_beyond_the_noise_and_that_of_the_peers(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0, 2.1, 2.2], PyTorch=[3.0, 3.0, 3.0])
    new = write_run(tmp_path / "new.json", fanin=[1.0, 1.05, 1.1], PyTorch=[3.3, 3.3, 3.3])
    done = bench("--from", new, "--compare", old)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("32 x 64 x 64")]
    assert [row[-3:] for row in rows] == [["-50.0%", "faster", "+10.0%"]], done.stderr
    assert bench("--from", old, "--compare", new).stdout.count("slower") == 3


def test_compare_calls_no_change_within_the_spreads_of_both_a_change(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0, 2.2, 2.4])
    new = write_run(tmp_path / "new.json", fanin=[2.1, 2.3, 2.5])
    output = bench("--from", new, "--compare", old).stdout
    assert output.count("+4.5%") == 4
    assert "slower" not in output


def test_compare_of_a_single_round_tells_no_change(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0])
    new = write_run(tmp_path / "new.json", fanin=[1.0])
    assert "faster" not in bench("--from", new, "--compare", old).stdout


def test_compare_warns_of_runs_from_different_machines(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0])
    new = write_run(tmp_path / "new.json", {"instruction_set": "neon", "processors": 8}, fanin=[1.0])
    sentence = "different machines: avx2 on 2 processors, neon on 8 processors"
    assert sentence in bench("--from", new, "--compare", old).stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), ("{", "is not a JSON file"), ("[1]", "was not written by --json")],
)
def test_compare_refuses_a_file_that_is_no_record(tmp_path, content, sentence):
    path = tmp_path / "old.json"
    if content is not None:
        path.write_text(content)
    done = bench("--compare", path)
    assert done.returncode == 2
    assert f"{path} {sentence}" in done.stderr


def test_from_without_anything_to_do_is_refused(tmp_path):
    done = bench("--from", write_run(tmp_path / "new.json", fanin=[1.0]))
    assert done.returncode == 2
    assert "--from needs --compare, --targets or --plot" in done.stderr


def test_plot_draws_a_run_in_the_format_of_the_file_s_name(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "fraction.svg"
    done = bench("--from", write_run(tmp_path / "new.json", fanin=[1.25]), "--plot", picture)
    assert done.returncode == 0, done.stderr
    assert "<svg" in picture.read_text()


def test_plot_of_a_run_without_fanin_tells_that_there_is_nothing_to_draw(tmp_path):
    pytest.importorskip("matplotlib")
    run = write_run(tmp_path / "new.json", PyTorch=[1.0])
    done = bench("--from", run, "--plot", tmp_path / "fraction.png")
    assert done.returncode == 1
    assert "there is nothing to plot" in done.stderr


def test_plot_in_an_unknown_format_is_refused(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "fraction.wrong"
    done = bench("--from", write_run(tmp_path / "new.json", fanin=[1.0]), "--plot", picture)
    assert done.returncode == 1
    assert f"{picture} cannot be written" in done.stderr


def test_targets_show_the_worst_case_of_each_bound(tmp_path):
    cases = [
        {
            "case": f"{rule}, 1,000,000",
            "threads": 1,
            "result": "step",
            "microseconds": {"fanin": [200.0] * 3, "PyTorch": [1000.0] * 3},
            "limit_microseconds": limit,
            "work": 1e6,
        }
        for rule, limit in (("sgd", 180.0), ("adam", 100.0))
    ]
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"machine": MACHINE, "rules": {"cases": cases}}))
    output = bench("--from", path, "--targets").stdout
    worst, mean, _ = output.splitlines()[2:]
    assert worst.split("  ")[0] == "rules from 10^6 weights: adam, 1,000,000, worst of 2"
    assert "0.50  at least 0.85" in worst
    assert worst.endswith("missed")
    assert "5.00" in mean
    assert mean.endswith("met")
