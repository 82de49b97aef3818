"""Networks to files and bytes, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from fanin import _core
from fanin.restored import layer_of, loss_of, rule_of

if TYPE_CHECKING:
    from fanin.network import Network
    from fanin.optim import Rule

    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


class Storable:
    """The methods of `fanin.Network` that save it; pickle and copy use them."""

    _core: Any

    def save(self, path: Path) -> None:
        """Write the network to a file with all there is, so that training goes on from it bit for bit.

        The file is in safetensors format, which many tools open: weights by the names and shapes of `get_weights`,
        the state of the update rule as "rule.m.layer1.weight" and so on, and in the metadata, as JSON, architecture,
        loss, seed, `metadata`, rule, and the place in the random orders. `fanin.load` reads it, in Python and in C++.

        An old file is replaced at once: whatever happens, either the old or the new one is there, whole. Symbolic
        links are followed; permissions stay.

        Parameters
        ----------
        path : str, bytes or path
            By custom, it ends in ".safetensors".

        Raises
        ------
        OSError
            Where the file cannot be written; a file that was there is as it was.

        Examples
        --------
        >>> import tempfile, fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save(f"{folder}/model.safetensors")
        ...     fanin.load(f"{folder}/model.safetensors")
        <fanin.Network 2-1 (identity), squared_error, float32, 3 parameters>
        """
        self._core.save(_path(path))

    def to_bytes(self) -> bytes:
        """Return what `save` writes."""
        return bytes(self._core.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> Network:
        """Return the network that `to_bytes` or `save` has written.

        Nothing is trusted: loading executes nothing, and allocates no more than the bytes justify.

        Raises
        ------
        ValueError
            Where the bytes are no model, or not a whole one; the sentence says what is wrong.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)], seed=3)
        >>> fanin.Network.from_bytes(net.to_bytes()).seed
        3
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data: expected bytes, got {type(data).__name__}")
        return _network(cls, _core.from_bytes(bytes(data)))

    @property
    def rule(self) -> Rule | None:
        """The update rule that the network was last trained with, whose state it keeps; None before.

        ``net.fit(X, y, rule=net.rule)`` goes on with it.
        """
        described = self._core.rule
        if described is None:
            return None
        name, values = described
        return rule_of(name, values, cast("Network", self)._parameter_names())

    @property
    def epochs(self) -> int:
        """Number of epochs begun so far: the random order of the next one depends on it and the seed."""
        return int(self._core.epochs)

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts of your own by name, such as names of classes, that are saved with the network.

        Set all of them at once:

        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> net.metadata = {"units": "litres per minute"}
        >>> net.metadata["units"]
        'litres per minute'
        """
        return MappingProxyType(self._core.metadata)

    @metadata.setter
    def metadata(self, texts: Mapping[str, str]) -> None:
        if not isinstance(texts, Mapping):
            raise TypeError(f"metadata: expected a dict of name -> text, got {type(texts).__name__}")
        for name, text in texts.items():
            for part in (name, text):
                if not isinstance(part, str):
                    raise TypeError(f"metadata: expected a dict of name -> text, got {part!r}")
                try:
                    part.encode()
                except UnicodeEncodeError:
                    raise ValueError(f"metadata: expected text in UTF-8, got {part!r}") from None
        self._core.set_metadata(dict(texts))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as the bytes of a file, and attributes that were added."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return type(self).from_bytes, (self.to_bytes(),), added or None


def load(path: Path) -> Network:
    """Return the network that `Network.save` has written, here or in C++.

    It is what it was, bit for bit: weights, averages of batch norm, seed, and the update rule (``net.rule``) with its
    state, so that a fit goes on as it would have without the file between. Nothing of the file is trusted: loading
    executes nothing, and allocates no more than the file justifies.

    Parameters
    ----------
    path : str, bytes or path

    Raises
    ------
    OSError
        Where the file cannot be read.
    ValueError
        Where it is no model, or not a whole one; the sentence says what is wrong.

    Examples
    --------
    >>> import tempfile, fanin
    >>> from fanin import optim
    >>> X, y = [[0.0], [1.0]], [1.0, 3.0]
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> history = net.fit(X, y, rule=optim.Adam(0.1), epochs=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.save(f"{folder}/model.safetensors")
    ...     net = fanin.load(f"{folder}/model.safetensors")
    >>> net.rule, net.epochs
    (Adam(learning_rate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-08), 5)
    >>> history = net.fit(X, y, rule=net.rule, epochs=5)  # as 10 epochs at once
    """
    from fanin.network import Network

    return _network(Network, _core.load(_path(path)))


def _network(cls: type[Storable], core: Any) -> Network:
    network = cast("type[Network]", cls)
    return network._of_core(core, [layer_of(layer) for layer in core.layers], loss_of(*core.loss))


def _path(path: Path) -> bytes:
    try:
        encoded = os.fsencode(path)
    except TypeError:
        raise TypeError(f"path: expected a str or a path, got {path!r}") from None
    if b"\0" in encoded:
        raise ValueError(f"path: expected no null character, got {path!r}")
    return encoded


_OWN = frozenset(
    ("_core", "_dense", "_dtype", "_layers", "_loss", "_metric", "_n_inputs", "_seed", "_training")
)
