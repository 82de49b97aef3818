"""The command: `python -m bench` from the checkout's root."""

import argparse
import json
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
from bench.growth import growth_tables
from bench.plot import plot
from bench.pool import COMPILE_VARIABLE
from bench.present import available
from bench.programs import BuildError
from bench.progress import Progress, say
from bench.report import Table, result_tables
from bench.targets import targets_table


def thread_counts(text: str) -> list[int]:
    """The numbers of `1,2`."""
    counts = sorted({int(part) for part in text.split(",")})
    if counts[0] < 1:
        raise ValueError
    return counts


FLAGS = {
    "list": "print the groups with their cases, and exit",
    "quick": "fewer and shorter rounds",
    "compile": "torch.compile as well, which takes minutes to compile",
    "no-limits": "leave the machine's limits out",
    "fresh-limits": "measure the machine's limits again; they are kept for a day",
    "targets": "show what is asked of fanin beside what was measured",
}
FILES = {
    "json": (Path, "write every round's time"),
    "markdown": (Path, "write the tables"),
    "compare": (record.read, "show what changed since the run that wrote FILE with --json"),
    "from": (
        record.read,
        "run nothing: take the run that wrote FILE with --json, for --compare, --targets and --plot",
    ),
    "plot": (Path, "draw the fraction of the limit by size, with matplotlib"),
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
    for name, (kind, text) in FILES.items():
        parser.add_argument(f"--{name}", type=kind, metavar="FILE", dest=f"{name}_file", help=text)
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
        rows = record.groups(run)[name]
        tables += shown([*result_tables(rows, group.results, group.rate), *growth_tables(rows)])
        tables += shown([targets_table(run, name)] if group.judged else [])
    return run, tables + shown(threads_tables(run))


def run_as_asked(options: argparse.Namespace, chosen: dict[str, Group]) -> None:
    """Measure a run, or take one, then write, compare, judge and draw it."""
    new, tables = (options.from_file, []) if options.from_file else measure_all(options, chosen)
    if options.json_file:
        options.json_file.write_text(json.dumps(new, indent=1) + "\n")
    if options.compare_file:
        changed = change_tables(options.compare_file, new)
        if not changed:
            say("--compare: the two runs have no case in common")
        elif difference := other_machine(options.compare_file, new):
            say(difference)
        tables += shown(changed)
    tables += shown([targets_table(new)] if options.targets else [])
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
    except BuildError as error:
        say(f"the machine cannot be measured: {error}\n--no-limits leaves its limits out")
        return 1
    except KeyboardInterrupt:
        return 130  # what a shell reports for Ctrl-C
    return 0


if __name__ == "__main__":
    sys.exit(main())
