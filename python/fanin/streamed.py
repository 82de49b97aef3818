"""A model that learns from chunks of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin.adapting import AdaptedModel
from fanin.checks import check_integer
from fanin.data.validation import validation_of
from fanin.diagnose.doctor import Doctor
from fanin.optim import Rule
from fanin.training.callbacks import Callbacks
from fanin.training.chunks import (
    adapt_to_chunks,
    check_chunks,
    check_settings,
    check_statistics,
    train_on_chunks,
)
from fanin.training.fitting import Fit
from fanin.training.history import History
from fanin.training.settings import BatchesName, Settings

if TYPE_CHECKING:
    from fanin.data.class_weight import ClassWeight
    from fanin.data.validation import ValidationData
    from fanin.training.chunks import Chunks


class StreamedModel(AdaptedModel):
    """The part of `fanin.Network` that trains on streams, and that watches fits."""

    def _doctor(self, settings: Settings) -> Doctor:
        """Return what watches a fit with these settings."""
        net: Any = self
        return Doctor(net, settings)

    def fit_chunks(
        self,
        chunks: Chunks,
        *,
        rule: Rule | str | None = None,
        epochs: int = 1,
        batch_size: int | None = None,
        batches: BatchesName = "shuffled",
        order_seed: int | None = None,
        class_weight: ClassWeight | None = None,
        validation_data: ValidationData | None = None,
        callbacks: Callbacks = (),
        verbose: bool = False,
        max_steps: int | None = None,
        max_time: float | None = None,
        diagnose: bool = False,
        truncation: int | None = None,
    ) -> History:
        """Train on data that come in chunks, for streams and for data that do not fit in memory.

        Each chunk is trained like one epoch of `fit`: in mini-batches, by default shuffled within the chunk, with a
        smaller last batch. A chunk is freed before the next one is requested. (A loop over ``fit(X, y, epochs=1)``
        gives bit-identical weights.) Biases that start at the base rate take that of the first chunk.

        Parameters
        ----------
        chunks : iterable of tuples (X, y) or (X, y, sample_weight), or function that returns one
            Read once per epoch: several epochs need a list, or a function such as a generator function.
        rule, batch_size, order_seed, validation_data, callbacks, verbose, max_steps, diagnose, truncation
            As in `fit`.
        epochs : int
            Passes over all chunks; their seconds include those spent waiting for chunks.
        batches : str
            As in `fit`, within each chunk.
        class_weight : dict of label -> weight, optional
            As in `fit`; "balanced" would need all chunks at once.
        max_time : float, optional
            As in `fit`. After a limit the fit requests no more chunks.

        Returns
        -------
        History

        Raises
        ------
        ValueError, TypeError
            As `fit` does, with the number of the chunk, from 1; the network has then been trained on the chunks
            before it. Also if there are no chunks.
        DivergedError
            As `fit` does; the weights are restored to those before the chunk.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> def chunks():
        ...     for seed in range(4):
        ...         X = np.random.default_rng(seed).normal(size=(100, 2))
        ...         yield X, X.sum(axis=1)
        >>> net = fanin.Network(2, [fanin.Dense(1)])
        >>> history = net.fit_chunks(chunks, epochs=3)
        >>> len(history.loss)
        3
        """
        net: Any = self
        check_integer("epochs", epochs, 0)
        settings = Settings(
            rule=rule,
            epochs=epochs,
            batch_size=batch_size,
            batches=batches,
            order_seed=order_seed,
            class_weight=class_weight,
            validation_data=validation_data,
            callbacks=callbacks,
            verbose=verbose,
            max_steps=max_steps,
            max_time=max_time,
            diagnose=diagnose,
            truncation=truncation,
        )
        check_settings(settings)
        names = self._core.column_names
        validation = validation_of(self, settings.validation_data, names)
        check_statistics(self.layers)
        fit = Fit(net, settings, validation, names)
        chunks_of_epoch = check_chunks(chunks, fit.epochs)
        adapt_to_chunks(net, chunks)
        return fit.run(lambda: train_on_chunks(fit, chunks_of_epoch()))
