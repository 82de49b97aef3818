"""The methods of a network that write it for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin.export.c.header import save_header
from fanin.export.onnx.models import save_network
from fanin.export.onnx.versions import OPSET
from fanin.export.torch.module import module_of

if TYPE_CHECKING:
    from fanin.storage import Path


class Exports:
    """The part of `fanin.Network` that leaves Python."""

    def to_c(self, path: Path, name: str | None = None) -> None:
        """Write the network as one header in C99 that predicts a row, or steps of a sequence, in float.

        The header needs the standard library's <stddef.h> and, for most activations, <math.h>. It allocates nothing,
        and suits C++ too. With `name` "model" it has ``model_predict(x, y)``, which takes a row of MODEL_INPUTS floats
        and gives MODEL_OUTPUTS, those of `predict` up to rounding. A network with recurrent layers has ``model_state``,
        ``model_reset(&state)`` and ``model_step(&state, x, y)`` for streams, as `step` is, and ``model_predict(x,
        steps, y)`` for a sequence. The comment at its top says how it is called, and what memory and time it takes.

        Every kind of layer can be written, with what an input layer has learned. Weights in float64 are rounded, and x
        is float: an input layer maps x as exactly as `predict` maps float32, and a `OneHot` compares in float.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".h". The file is replaced as a whole, or not at all.
        name : str, optional
            What names in the header begin with, capitals in macros; by default the name of the file without its
            ending, with underscores for what C does not allow.

        Raises
        ------
        ValueError, TypeError
            For a name that C or C++ does not allow, or one of their keywords; an input layer that has not learned; and
            as ``layers[2]: Dense cannot be written as C: ...`` for numbers beyond the range of float.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile, fanin
        >>> net = fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "model.h"
        ...     net.to_c(path)
        ...     header = path.read_text()
        >>> "void model_predict(const float* x, float* y) {" in header
        True
        """
        save_header(self, path, name)

    def to_onnx(self, path: Path, *, opset: int = OPSET, lengths: bool = False) -> None:
        """Write the network as an ONNX model, which gives the outputs of `predict`; it needs onnx.

        The model has one input, "X", and one output, "prediction", for any number of rows, in the network's type; after
        a fit of a single output with y of shape (n_samples,), the output has that shape. For a network with an input
        layer, X is float64, because its map is part of the model; for an `Embedding`, X is int64. For a network with
        recurrent layers, X is sequences of any one length, (n_samples, time, n_inputs).

        Outputs equal those of `predict` but for the order of sums and other roundings: in ONNX Runtime, within 1e-6 of
        the largest output in float32 (a few 1e-6 through tens of layers), and 1e-12 in float64 (1e-6 with gelu, since
        ONNX Runtime has erf in float32 alone). The model does not check its inputs: NaN spreads, and row numbers out of
        range give other rows or an error.

        The file is replaced as a whole, or stays as it was.

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
        >>> [value.name for value in (*model.graph.input, *model.graph.output)]
        ['X', 'prediction']
        """
        save_network(self, path, opset, lengths)

    def to_torch(self) -> Any:
        """Return an ``nn.Sequential`` of PyTorch with the layers, weights and dtype of this network.

        It returns what PyTorch's losses expect: logits, before the soft-max or logistic function that `predict` adds
        (for poisson and gamma, logarithms of means). Its input is X in the network's dtype, or whole numbers for an
        `Embedding`: (n, n_inputs), or (n, time, n_inputs) for sequences. It is in evaluation mode: call ``train()``
        before training. Weights are those of `get_weights`: averages, if the last fit averaged them.

        Returns
        -------
        torch.nn.Sequential
            Independent of the network; it can be copied, pickled, traced and exported, and needs only PyTorch.
            `from_torch` is the inverse.

        Raises
        ------
        ValueError
            For a layer that PyTorch does not have, as ``layers[0]: Whiten cannot be written as PyTorch: ...``: input
            layers, `Residual`, `Tied`, an `Embedding` of several tables, batch norm on every step, symmetric_logistic.
        ImportError
            If PyTorch is not installed.

        Notes
        -----
        PyTorch's recurrent layers return their state, too, and no module of torch.nn picks their outputs. So a small
        graph of torch.fx follows each, ``EveryStep`` or ``LastStep``. It has no parameters. The second bias of an
        ``RNN`` or ``LSTM``, which is only added to the first, is 0 and not trained.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(4, [fanin.Dense(16, "relu"), fanin.Dense(3)], "softmax_cross_entropy")
        >>> net.to_torch()  # doctest: +SKIP
        Sequential(
          (0): Linear(in_features=4, out_features=16, bias=True)
          (1): ReLU()
          (2): Linear(in_features=16, out_features=3, bias=True)
        )
        """
        net: Any = self
        return module_of(net)
