"""Update rules by name."""

from __future__ import annotations

from fanin import _core
from fanin.aliases import RULES, hint
from fanin.checks import check_choice
from fanin.optim import adam, momentum, muon, scaled, signs
from fanin.optim.rule import Rule
from fanin.optim.solvers import LBFGS, ConjugateGradient, HessianFree, LevenbergMarquardt, Solver

_LISTED = [vars(module)[name] for module in (adam, momentum, muon, scaled, signs) for name in module.__all__]
_KINDS: dict[str, type[Rule]] = {kind.name: kind for kind in _LISTED}
BY_NAME = {name: _KINDS[name] for name in _core.rules()}
SOLVERS: dict[str, type[Solver]] = {
    kind.name: kind for kind in (LBFGS, ConjugateGradient, LevenbergMarquardt, HessianFree)
}


def as_rule(rule: object) -> Rule:
    """Return the update rule given as a value, or by its name with its default hyper-parameters."""
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, str):
        check_choice("rule", rule, tuple(BY_NAME), RULES)
        return BY_NAME[rule]()
    if isinstance(rule, Solver):
        raise TypeError(
            f"rule: expected an update rule, got {rule.kind}, a solver, which only Network.fit takes"
        )
    names = [kind.__name__ for kind in (*BY_NAME.values(), *SOLVERS.values())]
    meant = hint(getattr(rule, "__name__", None), names, {}, "write fanin.optim.{}()")
    raise TypeError(
        f"rule: expected an update rule such as fanin.optim.Adam(), or a name, got {rule!r}{meant}"
    )
