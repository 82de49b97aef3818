"""Saving networks to files and bytes, and loading them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from fanin import _core
from fanin.checks import check_text
from fanin.layers import restored
from fanin.model import Model
from fanin.restored import loss_of, rule_of

if TYPE_CHECKING:
    from fanin.optim import Rule, Solver

    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

Self = TypeVar("Self", bound="StoredModel")


class StoredModel(Model):
    """A model that can be saved, copied and pickled, together with the state of its training."""

    def save(self, path: Path) -> None:
        """Save the network to a file, with everything needed to resume training exactly, bit for bit.

        The file is in safetensors format, which many tools open: weights have the names and shapes of `get_weights`,
        the state of the update rule is "rule.m.layer1.weight" and so on, what a solver knows is "solver.vectors", and
        the metadata hold, as JSON, the architecture, loss, seed, `metadata`, rule, and the position in the random
        sequences. `fanin.load` reads it, in Python and in C++.

        Saving is atomic: an existing file is replaced by a rename, so whatever happens, either the old or the new file
        is intact. Symbolic links are followed; owner, group and permissions are kept, hard links are not.

        If a rename is impossible (a single file mounted into a container, a read-only folder, an owner that only root
        could set), the old file is overwritten in place, after the new content has been written completely to
        ``<path>.fanin-new``, or to the folder of temporary files if that is not possible. This copy remains if
        overwriting fails (on a full disk, for example; the error names the copy) or if the process is killed then. On
        Windows nothing is overwritten: while another program keeps the old file open, saving is an error.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".safetensors".

        Raises
        ------
        OSError
            If the file cannot be written; an existing file is then unchanged, unless the message names another file
            with the new content.

        Examples
        --------
        >>> import tempfile, fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save(f"{folder}/model.safetensors")
        ...     fanin.load(f"{folder}/model.safetensors")
        <fanin.Network 2-1 (identity), squared_error, float32, 3 parameters>
        """
        self._core.save(as_path(path))

    def to_bytes(self) -> bytes:
        """Return the bytes that `save` would write.

        Returns
        -------
        bytes
            A model file in memory; `from_bytes` reads it.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> type(net.to_bytes())
        <class 'bytes'>
        """
        return bytes(self._core.to_bytes())

    def copy(self: Self) -> Self:
        """Return an independent network with everything that `save` writes, and any attributes you added.

        Training both in the same way gives the same bits. (`copy.copy` and `copy.deepcopy` work too, via `to_bytes`.)

        Returns
        -------
        Network

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> twin = net.copy()
        >>> twin.to_bytes() == net.to_bytes()
        True
        """
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        twin._core = self._core.copy()
        return twin

    @classmethod
    def from_bytes(cls: type[Self], data: bytes | bytearray | memoryview) -> Self:
        """Return the network that `to_bytes` or `save` has written.

        The bytes are not trusted: loading executes nothing, and allocates no more than their number justifies.

        Parameters
        ----------
        data : bytes, bytearray or memoryview
            A model file.

        Returns
        -------
        Network

        Raises
        ------
        ValueError
            If the bytes are not a model, or are damaged; the message says what is wrong.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(1)], seed=3)
        >>> fanin.Network.from_bytes(net.to_bytes()).seed
        3
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data: expected bytes, got {type(data).__name__}")
        return cls._of_core(_core.from_bytes(bytes(data)))

    @classmethod
    def _of_core(cls: type[Self], core: Any) -> Self:
        """Return the network that the core has loaded."""
        net = cls.__new__(cls)
        Model.__init__(net, core, restored(core.layers), loss_of(*core.loss))
        return net

    @property
    def rule(self) -> Rule | Solver | None:
        """The rule that the network was last trained with, or None; the network keeps its state.

        ``net.fit(X, y, rule=net.rule)`` continues training with it. A solver belongs to the weights it has reached: it
        is None again once weights have been set.
        """
        described = self._core.rule
        if described is None:
            return None
        name, values = described
        return rule_of(name, values, self._trained)

    @property
    def epochs(self) -> int:
        """Number of epochs begun so far; together with the seed, it determines the next random order."""
        return int(self._core.epochs)

    @property
    def metadata(self) -> Mapping[str, str]:
        """A dict of your own strings, such as class names, that is saved with the network.

        Set it as a whole:

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
                check_text("metadata", part, "a dict of name -> text")
        self._core.set_metadata(dict(texts))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by `to_bytes`, plus any attributes the user added."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return type(self).from_bytes, (self.to_bytes(),), added or None


def as_path(path: Path) -> bytes:
    """Return the path in the encoding of the file system, which is UTF-8 on Windows."""
    try:
        encoded = os.fsencode(path)
    except TypeError:
        raise TypeError(f"path: expected a str or a path, got {path!r}") from None
    if b"\0" in encoded:
        raise ValueError(f"path: expected no null character, got {path!r}")
    return encoded


_OWN = frozenset(
    (
        "_core",
        "_data_dtype",
        "_dtype",
        "_layers",
        "_loss",
        "_metric",
        "_n_inputs",
        "_recurrent",
        "_seed",
        "_trained",
        "_training",
    )
)
