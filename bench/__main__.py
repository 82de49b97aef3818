"""The command: `python -m bench` from the checkout's root, or `python bench`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

if not __package__:  # run as `python bench`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import machine, record
from bench.asked import asked_table
from bench.changes import change_tables, other_machine
from bench.group import Outcome
from bench.groups import GROUPS, Wishes
from bench.plot import PlotError, plot
from bench.programs import BuildError
from bench.record import RecordError
from bench.report import Table, machine_tables
from bench.targets import targets
from bench.threads import threads_tables


def thread_counts(text: str) -> list[int]:
    """The numbers of `1,2`."""
    counts = [int(part) for part in text.split(",")]
    if min(counts) < 1:
        raise ValueError
    return sorted(set(counts))


def arguments() -> argparse.Namespace:
    processors = os.cpu_count() or 1
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Time fanin, its peers and the machine's limit."
    )
    parser.add_argument("--group", choices=list(GROUPS), help="one group instead of all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument(
        "--threads",
        type=thread_counts,
        default=sorted({1, processors}),
        help="numbers of threads, such as 1,2",
    )
    parser.add_argument(
        "--match", default="", metavar="TEXT", help="only cases whose name contains TEXT, such as 784"
    )
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile as well, which takes minutes to compile"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's time")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        help="show what changed since the run that wrote FILE with --json",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="run nothing: take the run that wrote FILE with --json, for --compare, --targets and --plot",
    )
    parser.add_argument(
        "--targets", action="store_true", help="show what is asked of fanin beside what was measured"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the fraction of the limit by size, with matplotlib"
    )
    options = parser.parse_args()
    if options.source and not (options.compare or options.targets or options.plot):
        parser.error("--from needs --compare, --targets or --plot: they say what to do with the run it takes")
    if options.source and options.json:
        parser.error("--from runs nothing, so there is nothing for --json to write")
    return options


def say(sentence: str) -> None:
    """Progress and problems, apart from the tables."""
    print(sentence, file=sys.stderr, flush=True)


def show(tables: list[Table]) -> None:
    for table in tables:
        print(table.text(), flush=True)


def warn_of_neighbours() -> None:
    """Threads that spin at barriers slow down manyfold when another program needs their processors."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > 0.3:
        say(f"other programs run (load {load:.1f} on {processors} processors): do not trust single figures")


def measure(options: argparse.Namespace) -> tuple[dict[str, Any], list[Table]]:
    """Run the groups: the record, and the tables, which are shown on the way."""
    warn_of_neighbours()
    say("machine: its limits")
    measured = machine.measure(options.threads, options.quick)
    limits = machine.limits_by_threads(measured)
    tables = machine_tables(measured)
    show(tables)
    outcomes: dict[str, Outcome] = {}
    for name in [options.group] if options.group else GROUPS:
        entry = GROUPS[name]
        group = entry.group(Wishes(options.quick, options.compile), say)
        if group.instruction_set:
            own_limits = machine.narrower_limits(measured, group.instruction_set)
            if not own_limits:
                say(f"{name}: left out, {group.instruction_set} is not a narrower set of this processor")
                continue
        else:
            own_limits = limits
        outcome = outcomes[name] = group.run(
            own_limits, entry.quick if options.quick else entry.full, options.match, say
        )
        tables += outcome.tables
        for problem in outcome.problems:
            say(problem)
        print(", ".join(f"{library} {version}" for library, version in outcome.versions.items()))
        show(outcome.tables)
    comparison = threads_tables({name: outcome.cases for name, outcome in outcomes.items()})
    show(comparison)
    tables += comparison
    return record.record(measured, outcomes), tables


def changes(path: Path, old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """The tables of what changed since the run in a file, shown."""
    tables = change_tables(old, new)
    if not tables:
        say(f"{path} has no case in common with this run")
    elif difference := other_machine(old, new):
        say(difference)
    show(tables)
    return tables


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the workers on the way out
    tables: list[Table] = []
    try:
        old = record.read(options.compare) if options.compare else None
        if options.source:
            new = record.read(options.source)
        else:
            new, tables = measure(options)
    except RecordError as error:
        say(str(error))
        return 2
    except BuildError as error:
        say(f"The machine cannot be measured: {error}")
        return 1
    if options.json:
        record.write(options.json, new)
    if old is not None:
        tables += changes(options.compare, old, new)
    if options.targets:
        asked = [asked_table("Targets", targets(new))]
        show(asked)
        tables += asked
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
