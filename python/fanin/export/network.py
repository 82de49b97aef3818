"""The methods of a network that write it for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fanin.export.onnx.models import save_network
from fanin.export.onnx.versions import OPSET

if TYPE_CHECKING:
    from fanin.storage import Path


class Exports:
    """The part of `fanin.Network` that leaves Python."""

    def to_onnx(self, path: Path, *, opset: int = OPSET, lengths: bool = False) -> None:
        """Write the network as an ONNX model, which gives the outputs of `predict`; it needs onnx.

        The model has one input, "X", and one output, "prediction", of any number of rows, in the network's type; after
        a fit with y of shape (n_samples,), the output of a single unit has that shape. X is float64 for a network with
        an input layer, whose map is part of the model, and int64 row numbers for an `Embedding`. It may be (n_samples,
        time, n_inputs) for a network with recurrent layers, of any time.

        Outputs equal those of `predict` up to the order of sums: in ONNX Runtime to about 1e-6 of the largest in
        float32, 1e-12 in float64. Values are not checked there: NaN and row numbers out of range are the caller's
        business. The file is replaced as a whole, or not at all.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx".
        opset : int
            Version of ONNX's operators, at least 13; older runtimes know fewer versions.
        lengths : bool
            Give a network with recurrent layers a second input, "lengths": the steps of each sequence (int32), for
            sequences that are padded to the same time. Outputs at steps after the last one mean nothing.

        Raises
        ------
        ImportError
            If onnx is not installed: ``pip install "fanin[onnx]"``.
        ValueError, TypeError
            For an opset that is too old, or newer than the installed onnx, and for a network that ONNX cannot say: one
            of 2 GB or more, or with an input layer that has not learned.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, fanin, onnx
        >>> net = fanin.Network(2, [fanin.Dense(8, "relu"), fanin.Dense(3)], "softmax_cross_entropy")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.to_onnx(f"{folder}/model.onnx")
        ...     model = onnx.load(f"{folder}/model.onnx")
        >>> [node.op_type for node in model.graph.node]
        ['MatMul', 'Add', 'Relu', 'MatMul', 'Add', 'Softmax']
        """
        save_network(self, path, opset, lengths)
