"""Make pytorch_recurrent.json: recurrent nets of PyTorch (CPU, float64) on sequences of different lengths.

Needs PyTorch; runs from any folder. A net is RNN, GRU or LSTM, on one level or two, and a linear layer on all steps
(squared error) or on the last step of each sequence (cross-entropy). For each: the start as multiples of 1/256, the
loss, outputs and gradients at the start, under PyTorch's names and to 12 digits, and the losses of steps of SGD. The
second bias is only trained where it is not merely added to the first: in the candidate of a GRU.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

INPUTS, OUTPUTS, LENGTHS = 5, 3, (6, 1, 9, 4, 6)
UNIT = 256  # weights and samples are multiples of 1 / UNIT
RATE, STEPS = 0.1, 5
KINDS: dict[str, Any] = {
    "tanh": lambda *sizes, **options: torch.nn.RNN(*sizes, nonlinearity="tanh", **options),
    "relu": lambda *sizes, **options: torch.nn.RNN(*sizes, nonlinearity="relu", **options),
    "gru": torch.nn.GRU,
    "lstm": torch.nn.LSTM,
}
# units, levels, whether outputs are those of every step
SHAPES = [(7, 1, True), (7, 2, False), (9, 2, True), (16, 1, False), (33, 1, True)]


def whole(*shape: int, deviation: float = 1.0) -> torch.Tensor:
    return torch.round(deviation * UNIT * torch.randn(shape))


def digits(tensor: torch.Tensor) -> Any:
    """Return nested lists of numbers of 12 digits, which `json` writes as short as they are."""
    if tensor.ndim == 0:
        return float(f"{tensor.item():.12g}")
    return [digits(part) for part in tensor]


class Net:
    def __init__(self, kind: str, units: int, levels: int, many: bool) -> None:
        self.recurrent = KINDS[kind](INPUTS, units, num_layers=levels, batch_first=True)
        self.head, self.many = torch.nn.Linear(units, OUTPUTS), many
        self.parameters = {
            **dict(self.recurrent.named_parameters()),
            **{f"head.{name}": p for name, p in self.head.named_parameters()},
        }
        self.start = {
            name: whole(*p.shape, deviation=0.7 / units**0.5) for name, p in self.parameters.items()
        }
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(self.start[name] / UNIT)

    def forward(self, X: list[torch.Tensor]) -> torch.Tensor:
        """Return the outputs of all steps, sequence after sequence, or of the last steps."""
        padded = torch.nn.utils.rnn.pad_sequence(X, batch_first=True)
        packed = pack_padded_sequence(padded, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
        found, lengths = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        pairs = zip(found, lengths, strict=True)
        steps = [one[:length] if self.many else one[length - 1 : length] for one, length in pairs]
        return self.head(torch.cat(steps))

    def loss(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if self.many:
            return 0.5 * ((outputs - y) ** 2).sum(dim=1).mean()
        return F.cross_entropy(outputs, y)

    def keep_second_biases(self) -> None:
        """Set their gradients to 0, except those of the candidates of a GRU, the last third."""
        for name, p in self.parameters.items():
            if name.startswith("bias_hh") and p.grad is not None:
                kept = 2 * len(p) // 3 if isinstance(self.recurrent, torch.nn.GRU) else len(p)
                p.grad[:kept] = 0


def case(kind: str, units: int, levels: int, many: bool, data: dict[str, Any]) -> dict[str, Any]:
    net = Net(kind, units, levels, many)
    X = [x / UNIT for x in data["X"]]
    y = data["targets"] / UNIT if many else data["labels"]
    optimizer = torch.optim.SGD(net.parameters.values(), lr=RATE)
    losses, first = [], {}
    for step in range(STEPS):
        outputs = net.forward(X)
        loss = net.loss(outputs, y)
        optimizer.zero_grad()
        loss.backward()
        net.keep_second_biases()
        if step == 0:
            first = {"outputs": digits(outputs if many else F.softmax(outputs, dim=1))}
            first["gradients"] = {name: digits(p.grad) for name, p in net.parameters.items()}
        optimizer.step()
        losses.append(loss.item())
    start = {name: values.int().tolist() for name, values in net.start.items()}
    sizes = {"kind": kind, "units": units, "levels": levels, "many": many}
    return {**sizes, "start": start, **first, "losses": losses}


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    data = {
        "X": [whole(length, INPUTS) for length in LENGTHS],
        "targets": whole(sum(LENGTHS), OUTPUTS),
        "labels": torch.randint(OUTPUTS, (len(LENGTHS),)),
    }
    golden = {
        "made_with": f"PyTorch {torch.__version__}",
        "unit": UNIT,
        "rate": RATE,
        "X": [x.int().tolist() for x in data["X"]],
        "targets": data["targets"].int().tolist(),
        "labels": data["labels"].tolist(),
        "cases": [case(kind, *shape, data) for kind in KINDS for shape in SHAPES],
    }
    text = json.dumps(golden).replace('{"kind"', '\n{"kind"').replace(", ", ",")
    Path(__file__).with_name("pytorch_recurrent.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
