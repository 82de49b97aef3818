"""The network: build, fit, predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.data.validation import validation_of
from fanin.layers import Layer, check_layers, described
from fanin.losses import Loss, as_loss
from fanin.optim import Rule
from fanin.storage import StoredModel, as_path
from fanin.training.callbacks import Callbacks
from fanin.training.chunks import check_chunks, check_statistics, train_on_chunks
from fanin.training.fitting import Fit, open_fit
from fanin.training.history import History
from fanin.training.objective import Objective
from fanin.training.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.validation import ValidationData
    from fanin.storage import Path
    from fanin.training.chunks import Chunks


class Network(StoredModel):
    """A multi-layer network of dense layers, with batch norm, dropout and residuals where they are wanted.

    ``A_0 = X``, ``A_l = f_l(A_(l-1) W_l + b_l)``: samples are rows, X is (n_samples, n_inputs), W_l is
    (inputs of the layer, units of the layer); batch norm may come before f, see `Dense`. (Where the
    textbook writes samples as columns, transpose.) `BatchNorm`, `Dropout`, `Activation` and `Residual` may stand
    between dense layers or before the first.

    The same data, seed and hyper-parameters give bit-identical weights for every number of threads and on every
    instruction set.

    Parameters
    ----------
    n_inputs : int
        Number of columns of X.
    layers : sequence of Dense, BatchNorm, Dropout, Activation and Residual
        The last one gives the outputs: a `Dense`, an `Activation` or a `Residual`.
    loss : str or losses.Loss
        A loss of `fanin.losses`, or its name for the defaults: "squared_error" (1/2 sum_j (a_j - y_j)^2),
        "absolute_error", "huber", "quantile", "poisson", "logistic" (independent yes-no outputs) or
        "softmax_cross_entropy" (classes); the mean over samples is minimized.
    seed : int
        For the initial weights and the order of samples, in 0..2^64-1.
    dtype : str or dtype
        "float32" or "float64": of weights and of all arithmetic.

    Raises
    ------
    ValueError, TypeError
        With a sentence that names the argument, what came and what was expected.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64).reshape(64, 1)
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)], seed=1)
    >>> history = net.fit(X, X**2, rule=fanin.optim.Adam(0.01), epochs=200, batch_size=16)
    >>> bool(net.evaluate(X, X**2)["rmse"] < 0.05)
    True
    """

    def __init__(
        self,
        n_inputs: int,
        layers: Sequence[Layer],
        loss: str | Loss = "squared_error",
        *,
        seed: int = 0,
        dtype: Any = "float32",
    ) -> None:
        check_integer("n_inputs", n_inputs, 1, 63)
        check_integer("seed", seed, 0, 64)
        loss = as_loss(loss)
        check_layers(layers)
        try:
            number = None if dtype is None else np.dtype(dtype)
        except TypeError:
            number = None
        if number is None:
            raise TypeError(f'dtype: expected "float32" or "float64", got {dtype!r}')
        if number not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f'dtype: expected "float32" or "float64", got "{number}"')
        given = described(int(n_inputs), layers)
        kind = _core.NetworkFloat32 if number == np.float32 else _core.NetworkFloat64
        super().__init__(kind(int(n_inputs), given, loss.name, loss.values(), int(seed)), layers, loss)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        rule: Rule,
        epochs: int = 10,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        validation_data: ValidationData | None = None,
        validation_fraction: float | None = None,
        callbacks: Callbacks = (),
        verbose: bool = False,
        max_steps: int | None = None,
        max_seconds: float | None = None,
    ) -> History:
        """Train with mini-batches; fit again to go on where it stopped.

        Arrays of numbers are borrowed whatever their type, byte order and strides, not copied: batches are gathered
        from them row by row, each value converted to the network's type with one rounding, so that a `numpy.memmap`
        may be larger than memory: pages of its file that a fit has read are counted as resident by the system, which
        takes them back when needed. Frames of numbers (pandas, polars) are converted once, as a whole; an array by
        columns (Fortran order) in memory is copied by rows once where samples are shuffled, which takes less time than
        an epoch of gathering from it. The last batch may be short. The rule's state is kept from fit to fit of the same
        kind of rule. Ctrl-C leaves a usable network.

        A fit also ends after `max_steps` or `max_seconds`, within an epoch if need be. Such an epoch ends like any
        other: its loss is the mean over what was trained, validation and callbacks follow, and the history has its
        number as `stopped_epoch`.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_inputs)
            Columns of a frame whose names are texts are remembered (`column_names`), and those of later frames put
            in their order by name; a frame with a missing, unknown or repeated column is rejected. Arrays go by
            position.
        y : array_like
            Integer labels 0..n_outputs-1, shape (n_samples,), or class probabilities, shape (n_samples, n_outputs),
            for softmax_cross_entropy; else targets, shape (n_samples, n_outputs), or (n_samples,) for a single one.
        rule : Rule
            Update rule, for example ``optim.Adam(1e-3)``; `optim.Around` one for penalties, decay and clipping. Rules
            that want the whole batch warn of mini-batches (`optim.BatchSizeWarning`).
        epochs : int
            Passes over the data.
        batch_size : int
            Samples an update; cut to n_samples.
        shuffle : bool
            Visit the samples of each epoch in a new random order, which depends on the seed alone.
        sample_weight : array_like, shape (n_samples,), optional
            At least 0: the loss of a batch is the weighted mean. A sample of weight 0 has no influence, whatever
            finite numbers it holds, but for its part in the mean and variance of a batch norm.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Evaluated after each epoch.
        validation_fraction : float in (0, 1), optional
            Instead: evaluate the last samples, this share of all. (No copy: shuffle sorted samples before.)
        callbacks : sequence of Callback or function
            Each is called with (net, epoch, logs) after each epoch, and returns True to stop: see `Callback`, and
            `EarlyStopping` for one.
        verbose : bool
            Show the epochs as they come: in a terminal or notebook a progress bar where tqdm is installed, else a
            line each.
        max_steps : int, optional
            Updates of the rule after which the fit ends.
        max_seconds : float, optional
            Seconds after which the fit ends, with the update under way then. Validation and callbacks count, too.

        Returns
        -------
        History

        Raises
        ------
        ValueError, TypeError
            For shapes, types and values that cannot be used, NaN and infinity among them; nothing is changed.
        DivergedError
            If the loss or a weight is no longer finite. It names epoch, step and layer, and the weights of the last
            finite epoch end are restored.
        """
        settings = Settings(
            rule=rule,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            validation_data=validation_data,
            validation_fraction=validation_fraction,
            callbacks=callbacks,
            verbose=verbose,
            max_steps=max_steps,
            max_seconds=max_seconds,
        )
        fit, opened = open_fit(self, X, y, settings)
        with opened as training:
            history = fit.run(lambda: fit.epoch(training)[0])
            if fit.epochs > 0:
                training.exact_statistics()
            return history

    def objective(self, X: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Objective:
        """Return the mean loss over these samples as a function of all weights, with its gradient, for solvers.

        Raises
        ------
        ValueError, TypeError
            As `fit` does.
        """
        return Objective(self, X, y, sample_weight)

    def fit_chunks(
        self,
        chunks: Chunks,
        *,
        rule: Rule,
        epochs: int = 1,
        batch_size: int = 32,
        shuffle: bool = True,
        validation_data: ValidationData | None = None,
        callbacks: Callbacks = (),
        verbose: bool = False,
        max_steps: int | None = None,
        max_seconds: float | None = None,
    ) -> History:
        """Train on data that come in chunks, for streams and for what does not fit in memory.

        Each chunk is trained as one epoch of `fit` over it would do: in mini-batches, shuffled within the chunk, the
        last one short. A chunk is freed before the next one is asked for. (A loop over ``fit(X, y, epochs=1)`` gives
        the same bits.)

        Parameters
        ----------
        chunks : iterable of tuples (X, y) or (X, y, sample_weight), or function that returns one
            Read once an epoch: more than one epoch needs a list, or a function such as a generator function.
        rule, epochs, batch_size, shuffle, validation_data, callbacks, verbose, max_steps, max_seconds
            As in `fit`. An epoch is a pass over all chunks, and its seconds include the wait for them. Once the fit
            has reached `max_steps` or `max_seconds` it asks for no more chunks.

        Returns
        -------
        History

        Raises
        ------
        ValueError, TypeError
            As `fit` does, with the number of the chunk, from 1: the network has then been trained on the chunks
            before it. Without any chunk.
        DivergedError
            As `fit` does; the weights are those from before the chunk.
        """
        settings = Settings(
            rule=rule,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            validation_data=validation_data,
            callbacks=callbacks,
            verbose=verbose,
            max_steps=max_steps,
            max_seconds=max_seconds,
        )
        names = self._core.column_names
        validation = validation_of(self, settings.validation_data, names)
        check_statistics(self.layers)
        fit = Fit(self, settings, validation, names)
        chunks_of_epoch = check_chunks(chunks, fit.epochs)
        return fit.run(lambda: train_on_chunks(fit, chunks_of_epoch()))


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
    return Network._of_core(_core.load(as_path(path)))
