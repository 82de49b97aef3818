"""The bench's command and its record of a run: listed, refused, compared, judged and drawn, without measuring."""

import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fanin import _core

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))

from bench import groups, machine, neighbours, targets  # noqa: E402 - the bench is not installed
from bench.progress import Progress  # noqa: E402

MACHINE = {"instruction_set": "avx2", "processors": 2}


def bench(*arguments):
    command = [sys.executable, "-m", "bench", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def write_run(path, machine=MACHINE, others=0.0, **microseconds):
    """A run of three products: rounds by column, and how many processors other programs took meanwhile."""
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
            "other_processors": others,
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
    assert [row[-3:] for row in rows] == [["-50.0", "faster", "+10.0"]], done.stderr
    assert bench("--from", old, "--compare", new).stdout.count("slower") == 3


def test_compare_calls_no_change_within_the_spreads_of_both_a_change(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0, 2.2, 2.4])
    new = write_run(tmp_path / "new.json", fanin=[2.1, 2.3, 2.5])
    output = bench("--from", new, "--compare", old).stdout
    assert output.count("+4.5") == 4
    assert "slower" not in output


def test_compare_of_a_single_round_shows_no_change(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0])
    new = write_run(tmp_path / "new.json", fanin=[1.0])
    assert "faster" not in bench("--from", new, "--compare", old).stdout


def test_compare_warns_of_runs_from_different_machines(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0])
    new = write_run(tmp_path / "new.json", {"instruction_set": "neon", "processors": 8}, fanin=[1.0])
    sentence = "different machines: avx2 on 2 processors, neon on 8 processors"
    assert sentence in bench("--from", new, "--compare", old).stderr


def test_verdicts_are_void_where_other_programs_ran(tmp_path):
    old = write_run(tmp_path / "old.json", fanin=[2.0, 2.0, 2.0])
    new = write_run(tmp_path / "new.json", others=0.5, fanin=[1.0, 1.0, 1.0])
    output = bench("--from", new, "--compare", old).stdout
    assert output.count("-50.0  void: other programs ran") == 3
    assert "void: other programs ran beside 3 of 3 cases, marked with *" in output
    assert "32 x 64 x 64 *" in output
    assert "faster" not in output


def test_every_column_of_a_number_has_a_unit(tmp_path):
    run = write_run(tmp_path / "run.json", fanin=[2.0, 2.0, 2.0], NumPy=[3.0, 3.0, 3.0])
    output = bench("--from", run, "--compare", run, "--targets").stdout
    titles = [line for line in output.splitlines() if " threads " in line]
    words = {"case", "target", "threads", "beyond noise", "unit", "verdict"}
    for line in titles:
        for column in re.split("  +", line.strip()):
            assert column in words or ", " in column, column
    assert len(titles) == 2


def test_list_prints_groups_and_cases_without_measuring():
    lines = bench("--list").stdout.splitlines()
    groups = [line for line in lines if not line.startswith(" ")]
    assert groups[0] == "products"
    assert {"rules", "steps", "fashion_mnist", "growth"} <= set(groups)
    assert "  784-256-128-10 BN" in lines
    of_one = bench("--list", "--group", "fused", "--match", "rmsprop").stdout
    assert of_one == "fused\n  784-1024-1024-10, rmsprop\n  784-2048-2048-10, rmsprop\n"


def test_list_has_every_rule_and_every_activation_of_fanin():
    cases = bench("--list").stdout.splitlines()
    for rule in _core.rule_ranges():
        assert f"  {rule}, 1,000,000" in cases
    for activation in _core.activations():
        assert f"  {activation}, 16,384" in cases


def test_the_processes_of_peers_do_not_load_fanin():
    code = "import sys, bench.workers.numpy, bench.workers.serve; sys.exit('fanin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_processor_time_that_is_not_the_run_s_own_is_that_of_other_programs(monkeypatch):
    busy, own, clock = iter([100.0, 110.0]), iter([50.0, 58.0]), iter([0.0, 4.0])
    monkeypatch.setattr(neighbours, "busy_seconds", lambda: next(busy))
    monkeypatch.setattr(neighbours, "own_seconds", lambda: next(own))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert neighbours.Watch().processors() == pytest.approx((2.0 - neighbours.BLUR) / 4)


def test_without_the_system_s_times_no_other_program_is_known_to_run(monkeypatch):
    def absent():
        raise FileNotFoundError("/proc/stat")

    monkeypatch.setattr(neighbours, "busy_seconds", absent)
    assert not neighbours.Watch().disturbed()


def test_absent_peers_and_what_they_are_missing_from_are_named_first(monkeypatch, capsys):
    monkeypatch.setenv("FANIN_BENCH", "built")
    monkeypatch.setattr(groups, "find_spec", lambda package: None if package == "optax" else package)
    every = groups.groups(quick=True)
    left = groups.available({name: every[name] for name in ("few_rows", "batch_norm", "rules")})
    assert capsys.readouterr().err.startswith("JAX left out of batch_norm, rules: optax not installed\n")
    assert list(left["few_rows"].workers) == ["fanin", "PyTorch", "NumPy"]
    assert list(left["batch_norm"].workers) == ["fanin", "PyTorch"]


def test_match_of_no_case_is_refused_with_the_list_before_anything_is_measured():
    done = bench("--group", "memory", "--match", "nonsense")
    assert done.returncode == 2
    assert done.stdout == ""
    assert (
        "--match: no case's name contains 'nonsense'; the cases are\nmemory\n  784-256-128-10\n"
        in done.stderr
    )


@pytest.fixture
def limits_program(tmp_path, monkeypatch):
    """A program that says how often it has measured; the cache is empty, and no other program runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(machine.Watch, "disturbed", lambda watch: False)
    count = itertools.count(1)
    monkeypatch.setattr(machine, "limits_output", lambda arguments, flag: f'{{"run": {next(count)}}}')


def test_limits_are_measured_once_a_day_and_kept(limits_program, tmp_path, monkeypatch):
    assert machine.kept(("machine", "1")) == {"run": 1}
    assert machine.kept(("machine", "1")) == {"run": 1}
    assert machine.kept(("machine", "2")) == {"run": 2}
    assert machine.kept(("machine", "1"), "-mno-avx512f") == {"run": 3}
    machine.forget()
    assert machine.kept(("machine", "1")) == {"run": 4}
    assert machine.kept(("machine", "1")) == {"run": 4}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + machine.DAY + 1)
    assert machine.kept(("machine", "1")) == {"run": 5}
    assert len(list((tmp_path / "fanin-bench").iterdir())) == 1


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"time": 0}', '{"time": "now", "measured": 1}'])
def test_a_damaged_cache_of_limits_is_measured_again(limits_program, damaged):
    machine.kept(("machine", "1"))
    machine.place(("machine", "1"), "").write_text(damaged)
    assert machine.kept(("machine", "1")) == {"run": 2}
    assert machine.kept(("machine", "1")) == {"run": 2}


def test_limits_that_other_programs_disturbed_are_not_kept(limits_program, monkeypatch):
    monkeypatch.setattr(machine.Watch, "disturbed", lambda watch: True)
    assert machine.kept(("machine", "1")) == {"run": 1}
    assert machine.kept(("machine", "1")) == {"run": 2}


def test_limits_without_a_cache_directory_are_measured(limits_program, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert machine.kept(("machine", "1")) == {"run": 1}


def test_time_left_is_learned_from_the_cases_that_are_done(monkeypatch, capsys):
    clock = iter([0.0, 60.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    progress = Progress({"steps": (2, 1.0), "memory": (4, 1.0)})
    progress.begin("steps", "small", 1)
    progress.begin("steps", "large", 1)
    assert capsys.readouterr().err.splitlines() == [
        "steps, case 1 of 2: small, threads 1",
        "steps, case 2 of 2: large, threads 1, about 5 min left",
    ]


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


def test_plot_of_a_run_without_fanin_says_that_there_is_nothing_to_draw(tmp_path):
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


def write_rules(path, **others):
    """A run of two rules, and how many processors other programs took beside each."""
    cases = [
        {
            "case": f"{rule}, 1,000,000",
            "threads": 1,
            "result": "step",
            "microseconds": {"fanin": [200.0] * 3, "PyTorch": [1000.0] * 3},
            "limit_microseconds": limit,
            "work": 1e6,
            "other_processors": others.get(rule, 0.0),
        }
        for rule, limit in (("sgd", 180.0), ("adam", 100.0))
    ]
    path.write_text(json.dumps({"machine": MACHINE, "rules": {"cases": cases}}))
    return path


def test_every_bound_of_a_target_is_understood():
    for *_, bounds, pattern in targets.TARGETS:
        found = list(targets.BOUND.finditer(bounds))
        assert "".join(bound.group(0) for bound in found) == bounds
        assert {bound.group(3) for bound in found} <= set(targets.VALUES), bounds
        re.compile(pattern)


def test_targets_show_the_worst_case_of_each_bound(tmp_path):
    output = bench("--from", write_rules(tmp_path / "run.json"), "--targets").stdout
    worst, mean, _ = output.splitlines()[2:]
    assert worst.split("  ")[0] == "rules from 10^6 weights: adam, 1,000,000, worst of 2"
    assert "0.50  at least 0.85" in worst
    assert worst.endswith("missed")
    assert "5.00" in mean
    assert mean.endswith("met")


def test_a_target_is_void_where_other_programs_ran_beside_one_of_its_cases(tmp_path):
    output = bench("--from", write_rules(tmp_path / "run.json", sgd=0.2), "--targets").stdout
    worst, mean, _ = output.splitlines()[2:]
    assert worst.endswith("void: other programs ran")
    assert mean.endswith("void: other programs ran")
