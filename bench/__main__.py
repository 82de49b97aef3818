"""The command: `python -m bench` from the checkout's root, or `python bench`."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

if not __package__:  # run as `python bench`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import fanin
from bench import machine, record
from bench.changes import change_tables, other_machine, threads_tables
from bench.group import Group, measure
from bench.groups import groups
from bench.plot import PlotError, plot
from bench.pool import COMPILE_VARIABLE
from bench.present import available
from bench.programs import BuildError
from bench.progress import Progress, say
from bench.report import Table, result_tables
from bench.targets import targets_table


def thread_counts(text: str) -> list[int]:
    """The numbers of `1,2`."""
    counts = [int(part) for part in text.split(",")]
    if min(counts) < 1:
        raise ValueError
    return sorted(set(counts))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Time fanin, its peers and the machine's limit."
    )
    processors = sorted({1, os.cpu_count() or 1})
    choose = parser.add_argument_group("what is timed")
    choose.add_argument("--list", action="store_true", help="print the groups with their cases, and exit")
    choose.add_argument("--group", choices=list(groups(quick=False)), help="one group instead of all")
    choose.add_argument(
        "--match", default="", metavar="TEXT", help="only cases whose name contains TEXT, such as 784"
    )
    choose.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    choose.add_argument("--threads", type=thread_counts, default=processors, help="numbers, such as 1,2")
    choose.add_argument("--compile", action="store_true", help="torch.compile as well, which takes minutes")
    choose.add_argument("--no-limits", action="store_true", help="leave the machine's limits out")
    choose.add_argument(
        "--fresh-limits",
        action="store_true",
        help="measure the machine's limits, which are kept for a day, anew",
    )
    show = parser.add_argument_group("what is shown and written")
    show.add_argument("--json", type=Path, metavar="FILE", help="write every round's time")
    show.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    show.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        help="show what changed since the run that wrote FILE with --json",
    )
    show.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="run nothing: take the run that wrote FILE with --json, for --compare, --targets and --plot",
    )
    show.add_argument(
        "--targets", action="store_true", help="show what is asked of fanin beside what was measured"
    )
    show.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the fraction of the limit by size, with matplotlib"
    )
    options = parser.parse_args()
    if options.source and not (options.compare or options.targets or options.plot):
        parser.error("--from needs --compare, --targets or --plot: they say what to do with the run it takes")
    if options.source and options.json:
        parser.error("--from runs nothing, so there is nothing for --json to write")
    return options


def listing(chosen: dict[str, Group]) -> str:
    """The groups, with the names of their cases beneath."""
    return "\n".join(
        "\n".join([name, *(f"  {case.name}" for case in group.cases)]) for name, group in chosen.items()
    )


def shown(tables: list[Table]) -> list[Table]:
    for table in tables:
        print(table.text(), flush=True)
    return tables


def measure_all(options: argparse.Namespace, chosen: dict[str, Group]) -> tuple[dict[str, Any], list[Table]]:
    """Run the groups: the record, and the tables, which are shown on the way."""
    if options.compile:
        os.environ[COMPILE_VARIABLE] = "1"
    chosen = available(chosen)
    run: dict[str, Any] = {"machine": {"instruction_set": fanin.cpu.active(), "processors": os.cpu_count()}}
    tables: list[Table] = []
    if not options.no_limits:
        say("machine: its limits")
        run["machine"] = machine.measure(options.threads, options.quick, options.fresh_limits)
        tables = shown(machine.machine_tables(run["machine"]))
    plan = {
        name: (len(group.cases) * len(group.threads(options.threads)), math.prod(group.effort(options.quick)))
        for name, group in chosen.items()
    }
    progress = Progress(plan)
    for name, group in chosen.items():
        limits = {}
        if not options.no_limits:
            limits = machine.limits_by_threads(run["machine"], options.quick, group.instruction_set)
        outcome = measure(group, options.threads, options.quick, limits, progress)
        run[name] = vars(outcome)
        for problem in outcome.problems:
            say(problem)
        print(", ".join(f"{library} {version}" for library, version in outcome.versions.items()))
        rows = record.rows(run, name)
        tables += shown([*result_tables(rows, group.results, group.rate), *group.tables(rows)])
        if group.judged:
            tables += shown([targets_table(run, name)])
    return run, tables + shown(threads_tables(run))


def changes(path: Path, old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """The tables of what changed since the run in a file, shown."""
    tables = change_tables(old, new)
    if not tables:
        say(f"{path} has no case in common with this run")
    elif difference := other_machine(old, new):
        say(difference)
    return shown(tables)


def main() -> int:
    options = arguments()
    every = groups(options.quick)
    if options.group:
        every = {options.group: every[options.group]}
    chosen = {
        name: replace(group, cases=[case for case in group.cases if options.match in case.name])
        for name, group in every.items()
    }
    chosen = {name: group for name, group in chosen.items() if group.cases}
    if not chosen:
        say(f"--match: no case's name contains {options.match!r}; the cases are\n{listing(every)}")
        return 2
    if options.list:
        print(listing(chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the workers on the way out
    tables: list[Table] = []
    try:
        old = record.read(options.compare) if options.compare else None
        if options.source:
            new = record.read(options.source)
        else:
            new, tables = measure_all(options, chosen)
    except record.RecordError as error:
        say(str(error))
        return 2
    except BuildError as error:
        say(f"the machine cannot be measured: {error}\n--no-limits leaves its limits out")
        return 1
    if options.json:
        record.write(options.json, new)
    if old is not None:
        tables += changes(options.compare, old, new)
    if options.targets:
        tables += shown([targets_table(new)])
    if options.markdown:
        options.markdown.write_text("\n".join(table.markdown() for table in tables))
    if options.plot:
        try:
            plot(new, options.plot)
        except PlotError as error:
            say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    try:
        status = main()
    except KeyboardInterrupt:
        status = 130  # what a shell reports for Ctrl-C
    sys.exit(status)
