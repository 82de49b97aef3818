"""The command: `python -m bench` from the checkout's root."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import fanin
from bench import advice, changes, doctor, growth, machine, report, tables, targets
from bench.cases import dissected
from bench.group import Group, measure
from bench.groups import available, groups
from bench.pool import COMPILE_VARIABLE
from bench.programs import BuildError
from bench.progress import Progress, say


def thread_counts(text: str) -> list[int]:
    counts = sorted({int(part) for part in text.split(",")})
    if counts[0] < 1:
        raise ValueError
    return counts


def layer_sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split("-"))
    if min(sizes) < 1 or len(sizes) < 2:
        raise ValueError
    return sizes


def arguments() -> argparse.Namespace:
    what = "Time fanin, its peers and the machine's limit."
    parser = argparse.ArgumentParser(prog="python -m bench", description=what)
    parser.add_argument("--group", choices=list(groups(quick=False)), help="one group instead of all")
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    parser.add_argument(
        "--net", type=layer_sizes, metavar="SIZES", help="phases of this net, such as 784-256-128-10"
    )
    parser.add_argument("--batch", type=int, help="samples a step of --net, 64 where it is not given")
    processors = sorted({1, os.cpu_count() or 1})
    parser.add_argument("--threads", type=thread_counts, default=processors, help="numbers, such as 1,2")
    flag = partial(parser.add_argument, action="store_true")
    flag("--list", help="print the groups with their cases, and exit")
    flag("--quick", help="fewer and shorter rounds")
    flag("--compile", help="torch.compile as well, which takes minutes to compile")
    flag("--slow-peers", help="RealMLP and TabM on tables as well, which take minutes a fit")
    flag("--no-limits", help="leave the machine's limits out")
    flag("--fresh-limits", help="measure the machine's limits again; they are kept for a day")
    flag("--targets", help="show what is asked of fanin beside what was measured")
    file, run = (partial(parser.add_argument, type=kind, metavar="FILE") for kind in (Path, report.read))
    file("--json", help="write every round's time")
    file("--markdown", help="write the tables")
    run("--compare", help="show what changed since the run that wrote FILE with --json")
    nothing = "run nothing: take the run that wrote FILE with --json, for --compare, --targets and --plot"
    run("--from", dest="taken", help=nothing)
    file("--plot", help="draw the fraction of the limit by size, with matplotlib")
    options = parser.parse_args()
    if options.taken and not (options.compare or options.targets or options.plot):
        parser.error("--from needs --compare, --targets or --plot: they say what to do with the run it takes")
    if options.taken and options.json:
        parser.error("--from runs nothing, so there is nothing for --json to write")
    if options.net and options.group != "phases":
        parser.error("--net needs --group phases")
    if options.batch is not None and (not options.net or options.batch < 1):
        parser.error("--batch needs --net, and at least 1 sample")
    return options


def listing(chosen: dict[str, Group]) -> str:
    """The groups, with the names of their cases beneath."""
    return "\n".join("\n  ".join([name, *(case.name for case in of.cases)]) for name, of in chosen.items())


def measure_all(
    options: argparse.Namespace, chosen: dict[str, Group], show: Callable[[list[report.Table]], None]
) -> dict[str, Any]:
    """Run the groups, and show their tables on the way: the record."""
    threads, quick = options.threads, options.quick
    if options.compile:
        os.environ[COMPILE_VARIABLE] = "1"
    if options.slow_peers:
        os.environ[tables.SLOW_VARIABLE] = "1"
    chosen = available(chosen)
    run: dict[str, Any] = {"machine": {"instruction_set": fanin.cpu.active(), "processors": os.cpu_count()}}
    if not options.no_limits:
        say("machine: its limits")
        if options.fresh_limits:
            machine.forget()
        run["machine"] = machine.measure(threads, quick)
        show(machine.machine_tables(run["machine"]))
    progress = Progress({name: group.plan(threads, quick) for name, group in chosen.items()})
    for name, group in chosen.items():
        limits = machine.limits_by_threads(run["machine"], quick, group.instruction_set)
        run[name] = measure(group, threads, quick, limits, progress)
        print(", ".join(f"{library} {version}" for library, version in run[name]["versions"].items()))
        rows, rate = report.groups(run)[name], run[name]["rate"]
        show([*report.result_tables(rows, group.results, rate, group.by_case), *growth.growth_tables(rows)])
        show(tables.tables_of_all(rows) if name == "tables" else [])
        show(advice.table_of_choices(rows) if name == "curvature" else [])
        show(doctor.table_by_fault(rows) if name == "doctor" else [])
        show([targets.targets_table(run, name)] if group.judged else [])
    show(changes.threads_tables(run))
    return run


def run_as_asked(options: argparse.Namespace, chosen: dict[str, Group]) -> None:
    """Measure a run, or take one, then write, compare, judge and draw it."""
    shown: list[report.Table] = []

    def show(tables: list[report.Table]) -> None:
        for table in tables:
            print(table.text(), flush=True)
        shown.extend(tables)

    new = options.taken or measure_all(options, chosen, show)
    if options.json:
        options.json.write_text(json.dumps(new, indent=1) + "\n")
    if options.compare:
        tables = changes.change_tables(options.compare, new)
        if not tables:
            say("--compare: the two runs have no case in common")
        elif difference := changes.other_machine(options.compare, new):
            say(difference)
        show(tables)
    show([targets.targets_table(new)] if options.targets else [])
    if options.markdown:
        options.markdown.write_text("\n".join(table.markdown() for table in shown))
    if options.plot:
        growth.plot(new, options.plot)


def main() -> None:
    options = arguments()
    every = {name: group for name, group in groups(options.quick).items() if options.group in (None, name)}
    if options.net:
        every["phases"] = replace(every["phases"], cases=[dissected(options.net, options.batch or 64)])
    chosen = {}
    for name, group in every.items():
        if cases := [case for case in group.cases if options.match in case.name]:
            chosen[name] = replace(group, cases=cases)
    if not chosen:
        say(f"--match: no case's name contains {options.match!r}; the cases are\n{listing(every)}")
        sys.exit(2)
    if options.list:
        print(listing(chosen))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the workers on the way out
    try:
        run_as_asked(options, chosen)
    except BuildError as error:
        sys.exit(f"the machine cannot be measured: {error}\n--no-limits leaves its limits out")
    except KeyboardInterrupt:
        sys.exit(130)  # what a shell reports for Ctrl-C


if __name__ == "__main__":
    main()
