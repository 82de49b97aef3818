"""What all update rules have in common."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fanin.values import Value, check_number


@dataclass(frozen=True)
class Rule(Value):
    """An update rule: hyper-parameters only; the state of a run belongs to what is trained.

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.Adam(1e-3), optim.Rule)
    True
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            below_one = field.name in ("momentum", "beta1", "beta2")
            check_number(field.name, getattr(self, field.name), at_least=0, below=1 if below_one else None)
