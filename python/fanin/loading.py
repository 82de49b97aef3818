"""Loading a network from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fanin import _core
from fanin.network import Network
from fanin.storage import as_path

if TYPE_CHECKING:
    from fanin.storage import Path


def load(path: Path) -> Network:
    """Load a network saved by `Network.save`, from Python or C++.

    Everything is restored bit for bit: weights, running statistics of batch norm, seed, and the update rule
    (``net.rule``) with its state, so training resumes exactly. Files are not trusted: loading executes nothing from
    the file, and allocates no more than its size justifies.

    Parameters
    ----------
    path : str, bytes or path
        That of the file.

    Returns
    -------
    Network

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a model file, or is damaged; the message says what is wrong.

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
    (Adam(learning_rate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-08, epsilon_hat=False), 5)
    >>> history = net.fit(X, y, rule=net.rule, epochs=5)  # the same as 10 epochs in one fit
    """
    return Network._of_core(_core.load(as_path(path)))
