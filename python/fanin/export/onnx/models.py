"""Networks as ONNX models, and their files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_flag
from fanin.export.errors import check_learned
from fanin.export.onnx.graph import Graph
from fanin.export.onnx.layers import through
from fanin.export.onnx.versions import ML_OPSET, check_opset, import_onnx
from fanin.layers import Embedding
from fanin.storage import as_path
from fanin.whole_file import whole_file

if TYPE_CHECKING:
    from fanin.storage import Path

_LINKS: dict[str, Callable[[Graph, str], str]] = {  # by `Loss._link`
    "identity": lambda g, y: y,
    "exp": lambda g, y: g.add("Exp", y),
    "logistic": lambda g, y: g.add("Sigmoid", y),
    "softmax": lambda g, y: g.add("Softmax", y, axis=-1),
}


def save_network(net: Any, path: Path, opset: int, lengths: bool = False, text: str = "") -> None:
    """Write a network, with a text about it, by default its own; see `Network.to_onnx`."""
    check_flag("lengths", lengths)
    if lengths and not net._core.recurrent:
        raise ValueError("lengths: expected False for a network without recurrent layers, got True")

    def write(g: Graph) -> None:
        x = rows_of(g, net)
        if lengths:
            g.lengths = g.input("lengths", np.int32, ["sequences"], "steps of each sequence")
        g.output("prediction", outputs_of(g, net, x), net.dtype, shape_of_outputs(net))

    save(path, opset, [net], write, text or repr(net), net.metadata)


def save(
    path: Path,
    opset: int,
    nets: Sequence[Any],
    write: Callable[[Graph], None],
    text: str,
    metadata: Mapping[str, str],
) -> None:
    """Write the graph of some networks to a file, with a text about it."""
    name = os.fsdecode(as_path(path))
    onnx = import_onnx()
    check_opset(onnx, opset)
    for net in nets:
        check_learned(net, "ONNX")
    g = Graph(onnx, nets[0].dtype)
    write(g)
    model = g.model(opset, ML_OPSET)
    model.producer_name, model.producer_version, model.doc_string = "fanin", _core.__version__, text
    names = {f"columns of {of}": json.dumps(list(names)) for of, names in nets[0].column_names.items()}
    onnx.helper.set_model_props(model, {**names, **metadata})
    onnx.checker.check_model(model, full_check=True)
    with whole_file(name) as file, open(file, "wb") as stream:
        stream.write(model.SerializeToString())


def rows_of(g: Graph, net: Any) -> str:
    """Add the input of a network."""
    dtype = net.dtype
    if net._core.has_input_layer:
        dtype = np.dtype(np.float64)
    elif isinstance(net.layers[0], Embedding) and not net.layers[0].bags:
        dtype = np.dtype(np.int64)
    g.sequences, g.columns = net._core.recurrent, net.n_inputs
    return g.input("X", dtype, [*(("sequences", "time") if g.sequences else ("rows",)), net.n_inputs])


def outputs_of(g: Graph, net: Any, x: str, prefix: str = "") -> str:
    """Return what the network predicts; names of its weights begin with `prefix`."""
    g.prefix = prefix
    y = through(g, net.layers, {**net.get_weights(), **net.learned}, x)
    y = _LINKS[net._loss._link](g, y)
    return g.add("Squeeze", y, np.array([-1])) if net._core.vector_targets else y


def shape_of_outputs(net: Any) -> list[int | str]:
    """Return the shape of what the network predicts."""
    shape: list[int | str] = ["sequences" if net._core.recurrent else "rows"]
    shape += ["time"] if net._core.many_to_many else []
    return shape if net._core.vector_targets else [*shape, net.n_outputs]
