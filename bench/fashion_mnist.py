"""A net that learns Fashion-MNIST, in fanin and in PyTorch: accuracy, and the time it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bench.asked import Asked, asked_table
from bench.compare import Effort, Library, Team, Variant, teams
from bench.group import Outcome
from bench.machine import Limits
from bench.net_cases import Fit
from bench.pool import WorkerError, WorkerProcess
from bench.report import Table

LEAST_ACCURACY = 89.7
MOST_OF_PEERS_TIME = 0.45
EPOCHS = 10
VARIANT = [Variant("fit", "fit", "fit")]


class FashionMnist:
    """784-256-128-10 with batch norm, Adam from 2e-3 along a cosine to 0, batches of 64, all 60,000 pictures.

    A quick run has one epoch, which tells the time but not how well it is learned.
    """

    instruction_set = ""

    def __init__(self, quick: bool) -> None:
        self.case = Fit(epochs=1 if quick else EPOCHS)

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Epochs in turn, so that a slow minute of the machine is shared."""
        outcome = Outcome("epochs")
        libraries = [
            Library("fanin", "fashion_fanin", VARIANT, 0),
            Library("PyTorch", "fashion_torch", VARIANT, 0),
        ]
        table = Table(
            f"Fashion-MNIST, {self.case.name}",
            ["library", "threads", "seconds", "accuracy on the test set"],
        )
        with teams(libraries, list(limits)) as started:
            for team in started:
                outcome.versions.update(team.versions)
                for name, reason in team.absent.items():
                    outcome.problems.append(f"{name} is left out, threads {team.n_threads}: {reason}")
                try:
                    self.fit(team, outcome, table, say)
                except WorkerError as error:
                    outcome.problems.append(f"fashion_mnist, threads {team.n_threads}: {error}")
        outcome.tables = [table]
        if outcome.asked:
            outcome.tables.append(asked_table("Fashion-MNIST: what is asked", outcome.asked))
        return outcome

    def fit(self, team: Team, outcome: Outcome, table: Table, say: Callable[[str], None]) -> None:
        """All epochs of all libraries on one number of threads."""
        threads = team.n_threads
        seconds: dict[str, list[float]] = {library.name: [] for library, _ in team.members}
        for _, process in team.members:
            process.ask("prepare", asdict(self.case))
        for epoch in range(self.case.epochs):
            say(f"fashion_mnist: epoch {epoch + 1}, threads {threads}")
            for library, process in team.members:
                seconds[library.name].append(process.ask("epoch"))
        accuracies = {library.name: self.accuracy(process) for library, process in team.members}
        for name, accuracy in accuracies.items():
            table.rows.append([name, str(threads), f"{sum(seconds[name]):.2f}", f"{accuracy:.2f} %"])
        outcome.cases.append(
            {
                "case": self.case.name,
                "threads": threads,
                "result": "an epoch",
                "microseconds": {name: [1e6 * s for s in times] for name, times in seconds.items()},
                "accuracies": accuracies,
            }
        )
        if "fanin" in seconds and self.case.epochs == EPOCHS:
            outcome.asked.append(
                Asked("accuracy", threads, accuracies["fanin"], LEAST_ACCURACY, "%", at_least=True)
            )
        if "fanin" in seconds and "PyTorch" in seconds:
            ratio = sum(seconds["fanin"]) / sum(seconds["PyTorch"])
            outcome.asked.append(Asked("time over PyTorch's", threads, ratio, MOST_OF_PEERS_TIME, "times"))

    def accuracy(self, process: WorkerProcess) -> float:
        """Per cent of the 10,000 test pictures."""
        share: Any = process.ask("accuracy")
        return 100 * float(share)
