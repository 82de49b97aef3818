"""What every network can do with data: learn them, from arrays or chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fanin.callbacks import Callbacks
from fanin.chunks import check_chunks, check_statistics, train_on_chunks
from fanin.fitting import Fit
from fanin.history import History
from fanin.optim import Rule
from fanin.validation import split_off, validation_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.chunks import Chunks
    from fanin.network import Network
    from fanin.validation import ValidationData


class Trainable:
    """The methods of `fanin.Network` that train it."""

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
    ) -> History:
        """Train with mini-batches; fit again to go on where it stopped.

        Arrays of numbers are borrowed whatever their type, byte order and strides, not copied: batches are gathered
        from them row by row, each value converted to the network's type with one rounding, so that a `numpy.memmap`
        may be larger than memory: pages of its file that a fit has read are counted as resident by the system, which
        takes them back when needed. Frames of numbers (pandas, polars) are converted once, as a whole. The last batch
        may be short. The rule's state is kept from fit to fit of the same kind of rule. Ctrl-C leaves a usable network.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_inputs)
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
            At least 0: the loss of a batch is the weighted mean.
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
        net = cast("Network", self)
        data, validation = (X, y, sample_weight), validation_of(net, validation_data)
        if validation_fraction is not None:
            data, validation = split_off(net, validation_fraction, validation, *data)
        fit = Fit(net, rule, epochs, batch_size, shuffle, validation, callbacks, verbose)
        with fit.training(*data) as training:
            history = fit.run(lambda: fit.epoch(training))
            if fit.epochs > 0:
                training.exact_statistics()
            return history

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
    ) -> History:
        """Train on data that come in chunks, for streams and for what does not fit in memory.

        Each chunk is trained as one epoch of `fit` over it would do: in mini-batches, shuffled within the chunk, the
        last one short. A chunk is freed before the next one is asked for. (A loop over ``fit(X, y, epochs=1)`` gives
        the same bits.)

        Parameters
        ----------
        chunks : iterable of tuples (X, y) or (X, y, sample_weight), or function that returns one
            Read once an epoch: more than one epoch needs a list, or a function such as a generator function.
        rule, epochs, batch_size, shuffle, validation_data, callbacks, verbose
            As in `fit`. An epoch is a pass over all chunks, and its seconds include the wait for them.

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
        net = cast("Network", self)
        validation = validation_of(net, validation_data)
        check_statistics(net.layers)
        fit = Fit(net, rule, epochs, batch_size, shuffle, validation, callbacks, verbose)
        chunks_of_epoch = check_chunks(chunks, fit.epochs)
        return fit.run(lambda: train_on_chunks(fit, chunks_of_epoch()))
