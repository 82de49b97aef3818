"""How the time of a training step grows: with the weights of the net, and with the samples of an epoch."""

from __future__ import annotations

from bench.cases import GROWTH
from bench.compare import Library
from bench.group import Group
from bench.steps import LOSS_TOLERANCE, step_flops, variants
from bench.theory import step_seconds


def growth_group() -> Group:
    """Fanin alone: a step costs the same for any number of samples, and in proportion to the weights."""
    return Group(
        name="growth",
        libraries=[Library("fanin", "steps_fanin", variants(fit="fanin"), LOSS_TOLERANCE)],
        cases=list(GROWTH),
        results={"training": "Growth: a step with Adam, by weights and by samples an epoch"},
        work=step_flops,
        limit=lambda net, _, limits: step_seconds(net, limits),
    )
