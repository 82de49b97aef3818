"""The methods of a network that write it for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fanin.export.c.header import save_header

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
