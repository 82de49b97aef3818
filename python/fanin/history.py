"""What a fit reports, epoch by epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class History:
    """Plain lists with one entry for each epoch.

    Attributes
    ----------
    metric : str
        Name of the metric: "accuracy" for labels, "rmse" (root mean squared error) for targets.
    loss : list of float
        Mean training loss of the epoch; each batch's is taken before its update.
    val_loss, val_metric : list of float
        On the validation data after the epoch; empty without validation data.
    seconds : list of float
        Time of the epoch's training, without validation.
    """

    metric: str
    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_metric: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, str | list[float]]:
        """Return the metric's name and copies of the lists."""
        return asdict(self)
