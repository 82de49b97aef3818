"""Networks to files and bytes, and back."""

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
    from fanin.optim import Rule

    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

Self = TypeVar("Self", bound="StoredModel")


class StoredModel(Model):
    """A model that can be saved, with what its training has come to; pickle and copy use that."""

    def save(self, path: Path) -> None:
        """Write the network to a file with all there is, so that training goes on from it bit for bit.

        The file is in safetensors format, which many tools open: weights by the names and shapes of `get_weights`,
        the state of the update rule as "rule.m.layer1.weight" and so on, and in the metadata, as JSON, architecture,
        loss, seed, `metadata`, rule, and the place in the random orders. `fanin.load` reads it, in Python and in C++.

        An old file is replaced at once by a rename: whatever happens, either the old or the new one is there, whole.
        Symbolic links are followed; owner, group and permissions stay, hard links do not.

        Where a rename cannot do that (a file mounted by itself into a container, a folder that may not be written
        to, an owner that only root could give), the old file is written over, once the new content is whole and on
        the disk in ``<path>.fanin-new``, or in the folder of temporary files where that folder takes none. It stays
        there if writing over fails, as on a full disk, and the error names it; also if the process is killed in that
        moment.

        Parameters
        ----------
        path : str, bytes or path
            By custom, it ends in ".safetensors".

        Raises
        ------
        OSError
            Where the file cannot be written; a file that was there is as it was, unless the message names another
            file with the new content.

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
        """Return what `save` writes."""
        return bytes(self._core.to_bytes())

    def copy(self: Self) -> Self:
        """Return an independent network with all that `save` writes, and the attributes that were added.

        Training both in the same way gives the same bits. (`copy.copy` and `copy.deepcopy` work too, by way of bytes.)

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
        return cls._of_core(_core.from_bytes(bytes(data)))

    @classmethod
    def _of_core(cls: type[Self], core: Any) -> Self:
        """Return the network that the core has loaded."""
        net = cls.__new__(cls)
        Model.__init__(net, core, restored(core.layers), loss_of(*core.loss))
        return net

    @property
    def rule(self) -> Rule | None:
        """The update rule that the network was last trained with, whose state it keeps; None before.

        ``net.fit(X, y, rule=net.rule)`` goes on with it.
        """
        described = self._core.rule
        if described is None:
            return None
        name, values = described
        return rule_of(name, values, self._parameter_names())

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
                check_text("metadata", part, "a dict of name -> text")
        self._core.set_metadata(dict(texts))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as the bytes of a file, and attributes that were added."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return type(self).from_bytes, (self.to_bytes(),), added or None


def as_path(path: Path) -> bytes:
    """Return the path in the bytes of the file system."""
    try:
        encoded = os.fsencode(path)
    except TypeError:
        raise TypeError(f"path: expected a str or a path, got {path!r}") from None
    if b"\0" in encoded:
        raise ValueError(f"path: expected no null character, got {path!r}")
    return encoded


_OWN = frozenset(("_core", "_dtype", "_layers", "_loss", "_metric", "_n_inputs", "_seed", "_training"))
