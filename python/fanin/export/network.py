"""Methods of networks that export them to other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin.export.c.header import save_header
from fanin.export.onnx.models import save_network
from fanin.export.onnx.versions import OPSET
from fanin.export.torch.module import module_of

if TYPE_CHECKING:
    from fanin.storage import Path


class Exports:
    """The exports of `fanin.Network`."""

    def to_c(self, path: Path, name: str | None = None) -> None:
        """Write the network as a single header in C99, which predicts in float.

        The header includes <stddef.h> and, if it calls functions such as expf, <math.h>. It allocates no memory, and it
        also compiles as C++. If `name` is "model", ``model_predict(x, y)`` reads a row of MODEL_INPUTS floats and
        writes MODEL_OUTPUTS floats: what `predict` returns, up to rounding. For a network with recurrent layers, there
        are ``model_state``, ``model_reset(&state)`` and ``model_step(&state, x, y)`` for streams, as `step`, and
        ``model_predict(x, steps, y)`` for a whole sequence. The comment at the top of the header says how to call it,
        and how much memory and time it needs.

        All layers, activations and losses are supported, including what input layers have learned. Weights in float64
        are rounded to float. Since x is float, input layers map it as exactly as `predict` maps float32, and `OneHot`
        compares levels in float. For an `Embedding`, x holds row numbers; with bags=True it holds a count for each row
        of the table, as a row of `fanin.bags` does, not the row numbers in the bag.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".h". An existing file is replaced only once the new one is complete.
        name : str, optional
            The prefix of all names in the header, in capitals for macros. By default, it is the name of the file
            without its ending, with underscores in place of what C does not allow.

        Raises
        ------
        ValueError, TypeError
            If C or C++ does not allow `name`; or if a layer cannot be written, as ``layers[0]: Standardize cannot be
            written as C: ...``: an input layer that has not learned, or numbers beyond the range of float.
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
        """Write the network as an ONNX model that predicts as `predict` does. It needs onnx.

        The model has one input, "X", (rows, n_inputs), and one output, "prediction", (rows, n_outputs), both in the
        network's type, for any number of rows. After a fit of y of shape (n_samples,), the output has shape (rows,).

        - With an input layer, X is float64: the layer's map is part of the model.
        - With an `Embedding`, X is int64 and holds row numbers. With bags=True it holds a count for each row of the
          table, in the network's type, as ``fanin.bags(...).toarray()`` does, not the row numbers in the bag.
        - With recurrent layers, X is (sequences, time, n_inputs), for any number of steps.

        In ONNX Runtime, outputs differ from those of `predict` by at most 1e-6 of the largest in float32 (a few 1e-6
        through tens of layers), and 1e-12 in float64 (1e-6 with gelu, since ONNX Runtime has erf in float32 only). The
        model does not check its inputs: NaN spreads, and row numbers outside the table give other rows or an error.
        Give it at least one sequence: with none, GRU and LSTM in float32 make ONNX Runtime 1.32 abort the process.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx". An existing file is replaced only once the new one is complete.
        opset : int
            Version of ONNX's operators, at least 13. Older runtimes support only older versions.
        lengths : bool
            Whether a network with recurrent layers has a second input, "lengths", (sequences,), in int32: the number of
            steps of each sequence, if they are padded to the same time. Outputs at padded steps are meaningless.

        Raises
        ------
        ImportError
            If onnx is not installed: ``pip install "fanin[onnx]"``.
        ValueError, TypeError
            If `opset` is too old, or newer than the installed onnx; if the network has 2 GB of weights or more; or if
            its input layer has not learned, as ``layers[0]: Standardize cannot be written as ONNX: ...``.
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
