"""``fanin fit --diagnose``: what is wrong with the fits of the networks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fanin.checks import counted
from fanin.command.output import check_folder, print_notes
from fanin.csv.errors import UserError, require
from fanin.diagnose import KINDS
from fanin.diagnose.text import headline

if TYPE_CHECKING:
    from fanin.diagnose import Diagnosis


def add_diagnose(parser: argparse.ArgumentParser) -> None:
    """Add the option: without a page it is an empty text."""
    parser.add_argument(
        "--diagnose",
        nargs="?",
        const="",
        metavar="PAGE.html",
        help="watch the training and print what is wrong with it; write a page about it (needs matplotlib)",
    )


def check_page(options: argparse.Namespace) -> None:
    """Raise UserError unless the page, if one is given, can be written."""
    if not options.diagnose:
        return
    page = Path(options.diagnose)
    if page.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--diagnose: expected a file whose name ends in .html, got {page}")
    check_folder("--diagnose", page)
    if page.absolute() == options.model.absolute():
        raise UserError("--diagnose: this is the model; expected another file")
    require("matplotlib", "matplotlib", "plot")


def print_diagnoses(diagnoses: Sequence[Diagnosis], page: str) -> None:
    """Print each kind of finding once, and write the page of the first network with findings, or of the first."""
    from fanin.sklearn.table_diagnoses import found_in

    found, networks = found_in(diagnoses), counted(len(diagnoses), "network")
    print(f"Diagnosis of {networks}: {headline([each.finding for each in found])}")
    for each in found:
        where = f"{each.finding.severity} in {each.networks:,} of {networks}"
        print_notes([f"{where}: {each.kind}: {each.finding.message}", f"  {KINDS[each.finding.kind]}"])
    if not page:
        return
    place = next((place for place, each in enumerate(diagnoses) if each.findings), 0)
    try:
        diagnoses[place].report(page)
    except OSError as error:
        raise UserError(f"{page} cannot be written: {error.strerror or error}") from None
    print(f"Saved {page}, about network {place + 1:,}")
