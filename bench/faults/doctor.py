"""The doctor's findings about a set-up: watched during the fit, and examined after it."""

from typing import Any

import fanin
from bench.faults.setups import Setup
from fanin.diagnose import examine, prove_all


def findings_of(setup: Setup) -> list[Any]:
    """Findings about the fit, and about the network with its data after it, with proofs of all remedies."""
    net = setup.network()
    try:
        diagnosis = setup.fit(net, diagnose=True).diagnosis
    except fanin.DivergedError as error:
        diagnosis = error.diagnosis
    with fanin.num_threads(1):
        examination = examine(net, *setup.train, validation_data=setup.val)
        found = [*diagnosis.findings, *examination.findings]
        return list(
            prove_all(found, diagnosis.start, diagnosis.settings, *setup.train, validation_data=setup.val)
        )
