"""The command: `python -m bench` from the checkout's root."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import fanin
from bench import kept, machine, record
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


FLAGS = {
    "list": "print the groups with their cases, and exit",
    "quick": "fewer and shorter rounds",
    "compile": "torch.compile as well, which takes minutes to compile",
    "no-limits": "leave the machine's limits out",
    "fresh-limits": "measure the machine's limits again; they are kept for a day",
    "targets": "show what is asked of fanin beside what was measured",
}
FILES = {
    "json": "write every round's time",
    "markdown": "write the tables",
    "compare": "show what changed since the run that wrote FILE with --json",
    "from": "run nothing: take the run that wrote FILE with --json, for --compare, --targets and --plot",
    "plot": "draw the fraction of the limit by size, with matplotlib",
}


def arguments() -> argparse.Namespace:
    what = "Time fanin, its peers and the machine's limit."
    parser = argparse.ArgumentParser(prog="python -m bench", description=what)
    parser.add_argument("--group", choices=list(groups(quick=False)), help="one group instead of all")
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    processors = sorted({1, os.cpu_count() or 1})
    parser.add_argument("--threads", type=thread_counts, default=processors, help="numbers, such as 1,2")
    for name, text in FLAGS.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    for name, text in FILES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", dest=f"{name}_file", help=text)
    options = parser.parse_args()
    if options.from_file and not (options.compare_file or options.targets or options.plot_file):
        parser.error("--from needs --compare, --targets or --plot: they say what to do with the run it takes")
    if options.from_file and options.json_file:
        parser.error("--from runs nothing, so there is nothing for --json to write")
    return options


def listing(chosen: dict[str, Group]) -> str:
    """The groups, with the names of their cases beneath."""
    return "\n".join("\n  ".join([name, *(case.name for case in of.cases)]) for name, of in chosen.items())


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
        if options.fresh_limits:
            kept.forget()
        run["machine"] = machine.measure(options.threads, options.quick)
        tables = shown(machine.machine_tables(run["machine"]))
    progress = Progress(
        {
            name: (len(of.cases) * len(of.threads(options.threads)), math.prod(of.effort(options.quick)))
            for name, of in chosen.items()
        }
    )
    for name, group in chosen.items():
        limits = {}
        if not options.no_limits:
            limits = machine.limits_by_threads(run["machine"], options.quick, group.instruction_set)
        run[name] = measure(group, options.threads, options.quick, limits, progress)
        print(", ".join(f"{library} {version}" for library, version in run[name]["versions"].items()))
        rows = record.rows(run, name)
        tables += shown([*result_tables(rows, group.results, group.rate), *group.tables(rows)])
        if group.judged:
            tables += shown([targets_table(run, name)])
    return run, tables + shown(threads_tables(run))


def run_as_asked(options: argparse.Namespace, chosen: dict[str, Group]) -> None:
    """Measure or read a run, then write, compare, judge and draw it."""
    tables: list[Table] = []
    old = record.read(options.compare_file) if options.compare_file else None
    if options.from_file:
        new = record.read(options.from_file)
    else:
        new, tables = measure_all(options, chosen)
    if options.json_file:
        record.write(options.json_file, new)
    if old is not None:
        changed = change_tables(old, new)
        if not changed:
            say(f"{options.compare_file} has no case in common with this run")
        elif difference := other_machine(old, new):
            say(difference)
        tables += shown(changed)
    if options.targets:
        tables += shown([targets_table(new)])
    if options.markdown_file:
        options.markdown_file.write_text("\n".join(table.markdown() for table in tables))
    if options.plot_file:
        plot(new, options.plot_file)


def main() -> int:
    options = arguments()
    every = groups(options.quick)
    if options.group:
        every = {options.group: every[options.group]}
    matching = {
        name: replace(group, cases=[case for case in group.cases if options.match in case.name])
        for name, group in every.items()
    }
    chosen = {name: group for name, group in matching.items() if group.cases}
    if not chosen:
        say(f"--match: no case's name contains {options.match!r}; the cases are\n{listing(every)}")
        return 2
    if options.list:
        print(listing(chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the workers on the way out
    try:
        run_as_asked(options, chosen)
    except record.RecordError as error:
        say(str(error))
        return 2
    except PlotError as error:
        say(str(error))
        return 1
    except BuildError as error:
        say(f"the machine cannot be measured: {error}\n--no-limits leaves its limits out")
        return 1
    except KeyboardInterrupt:
        return 130  # what a shell reports for Ctrl-C
    return 0


if __name__ == "__main__":
    sys.exit(main())
