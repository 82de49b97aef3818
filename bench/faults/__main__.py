"""`python -m bench.faults`: the suite by itself, with a line for each run, for setting thresholds."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bench.faults.faults import FAULTS
from bench.faults.run import effect
from bench.faults.score import missed, score
from bench.faults.setups import NAMES
from bench.faults.suite import in_processes, outcomes


def effects(faults: list[str], sets: list[str], seeds: int) -> None:
    """Print in how many of the seeds a fault harms, and the mean of what it adds to the test error."""
    keys = [(name, fault, seed) for fault in faults for name in sets for seed in range(seeds)]
    found = dict(zip(keys, in_processes(effect, *zip(*keys, strict=True)), strict=True))
    print("| fault |", " | ".join(sets), "|")
    print("|---|" + "---:|" * len(sets))
    for fault in faults:
        cells = []
        for name in sets:
            runs = [one for seed in range(seeds) if (one := found[name, fault, seed])]
            added = sum(faulty - good for _, good, faulty in runs) / max(1, len(runs))
            cells.append(f"{sum(harms for harms, *_ in runs)}, {added:+.2g}" if runs else "-")
        print(f"| {fault} |", " | ".join(cells), "|")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--match", default="", help="only the faults whose name contains this text")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--good-seeds", type=int, default=12)
    parser.add_argument("--effects", action="store_true", help="only what faults do, without the doctor")
    parser.add_argument("--json", type=Path, help="write all outcomes")
    options = parser.parse_args()
    faults = [fault.name for fault in FAULTS if options.match in fault.name]
    if options.effects:
        effects(faults, options.sets, options.seeds)
        return
    found = outcomes(faults, options.seeds, options.good_seeds, options.sets)
    for name in (*faults, ""):
        halves = [score(found, name, calibrated) for calibrated in (False, True)]
        print((name or "all faults").ljust(32), *halves)
    print(*missed(found), sep="\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
