"""The groups online and phases of the bench: their peers, nets, limits and tables, without measuring."""

import sys

import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import groups, machine, report, theory
from bench.__main__ import main
from bench.cases import dissected


@pytest.fixture
def bench(monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bench", *arguments])
        main()

    return run


def test_a_c_library_that_is_absent_is_named_as_other_peers_are(monkeypatch, capsys):
    monkeypatch.setattr(groups, "find_library", lambda name: None)
    left = groups.available({"online": groups.groups(quick=True)["online"]})
    assert "FANN left out of online: libfann not installed\n" in capsys.readouterr().err
    assert "FANN" not in left["online"].workers


def test_phases_of_any_net_are_those_of_the_net_and_batch_that_are_named(bench, capsys):
    bench("--list", "--group", "phases", "--net", "784-256-128-10", "--batch", "32")
    assert capsys.readouterr().out == "phases\n  784-256-128-10, batch 32, adam\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--net", "20-64-2"], "--net needs --group phases"),
        (["--group", "phases", "--batch", "8"], "--batch needs --net"),
        (["--group", "phases", "--net", "20-64-2", "--batch", "0"], "at least 1 sample"),
        (["--group", "phases", "--net", "20"], "argument --net: invalid layer_sizes value: '20'"),
        (["--group", "phases", "--net", "20-0-2"], "argument --net: invalid layer_sizes value: '20-0-2'"),
    ],
)
def test_a_net_or_a_batch_that_makes_no_phases_is_refused(bench, capsys, arguments, sentence):
    with pytest.raises(SystemExit, match="2"):
        bench(*arguments)
    assert sentence in capsys.readouterr().err


def test_a_round_of_a_step_becomes_rounds_of_its_jobs():
    rounds = {"step": {"fanin": [{"gather": 1.0, "step": 3.0}, {"gather": 2.0, "step": 4.0}]}}
    assert groups.by_job(rounds) == {"gather": {"fanin": [1.0, 2.0]}, "step": {"fanin": [3.0, 4.0]}}
    assert groups.by_job({}) == {}


def test_phases_have_a_table_for_each_net_with_a_line_for_each_job():
    plain = {"threads": 1, "microseconds": {"fanin": [2.0]}, "case": "net"}
    rows = [report.Row(plain | {"result": job, "other_processors": 1.0}) for job in ("gather", "loss")]
    (table,) = report.result_tables(rows, {"step": "Where the time goes"}, "", by_case=True)
    assert table.heading == "Where the time goes: net"
    assert [line["result"] for line in table.rows] == ["gather *", "loss *"]


def test_limits_of_jobs_add_up_to_that_of_the_step_and_have_the_library_s_names():
    bandwidth = [{"bytes": size, "triad": 20.0, "update": 20.0} for size in (1 << 10, 1 << 30)]
    arithmetic = {"gflops": {"float32": 100.0}, "root_and_divide": {"float32": 2.0}}
    limits = machine.Limits({"bandwidth": bandwidth}, arithmetic, quick=True)
    net = dissected((784, 256, 10), 64)
    jobs = theory.jobs_limits(net, limits, slots=2, divides=True)
    assert jobs["forward, layer 1"] == pytest.approx(2 * 64 * 784 * 256 / 100e3)
    assert (
        sum(jobs.values()) == theory.job_limit(net, "step", limits) == theory.step_limit(net, "step", limits)
    )
    assert theory.job_limit(net, "loss", limits) is None
    names = {job.partition(",")[0] for job in jobs}
    assert names == {"gather", "forward", "input gradient", "weights"}
    sources = "".join(path.read_text() for path in (ROOT / "cpp" / "src").rglob("*.cpp"))
    for name in names:
        assert f'"{name}", this' in sources or f'.name = "{name}"' in sources
