"""The network: build, fit, predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_flag, check_integer, checked_dtype
from fanin.export.network import Exports
from fanin.layers import Layer, check_layers, described
from fanin.losses import Loss, as_loss
from fanin.optim import Rule, Solver
from fanin.streamed import StreamedModel
from fanin.training.callbacks import Callbacks
from fanin.training.history import History
from fanin.training.objective import Objective
from fanin.training.race import open_resolved
from fanin.training.settings import BatchesName, Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.data.class_weight import ClassWeight
    from fanin.data.validation import ValidationData, ValidationSplit


class Network(Exports, StreamedModel):
    """A multi-layer network of dense and recurrent layers, with batch norm, dropout and residual connections.

    ``A_0 = X``, ``A_l = f_l(A_(l-1) W_l + b_l)``: samples are rows, X is (n_samples, n_inputs), W_l is
    (inputs of the layer, units of the layer). (The textbook writes samples as columns: transpose.) Batch norm may
    precede f, see `Dense`; `BatchNorm`, `Dropout`, `Activation` and `Residual` may come between dense layers or
    before the first. An input layer, such as `Standardize` or `PiecewiseLinear`, comes first. `Recurrent`, `GRU` and
    `LSTM` make X sequences; all other layers then work on every step.

    The same data, seed and hyper-parameters give bit-identical weights for every number of threads and every
    instruction set.

    Parameters
    ----------
    n_inputs : int
        Number of columns of X.
    layers : sequence of Layer
        The last one, which gives the outputs, must be a `Dense`, an `Activation` or a `Residual`.
    loss : str or losses.Loss
        A loss of `fanin.losses`, or its name for the defaults: "squared_error" (1/2 sum_j (a_j - y_j)^2),
        "absolute_error", "huber", "quantile", "poisson", "gamma", "logistic" (independent binary outputs) or
        "softmax_cross_entropy" (classes). Training minimizes the mean over samples.
    seed : int
        Of the initial weights, dropout and, by default, the order of samples, in 0..2^64-1.
    dtype : str or dtype
        "float32" or "float64", for weights and all arithmetic.

    Raises
    ------
    ValueError, TypeError
        With a message that names the argument, what was expected and what came.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(1000, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> net = fanin.Network(2, [fanin.Dense(64, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    >>> history = net.fit(X, y)
    >>> bool(net.evaluate(X, y)["accuracy"] > 0.95)
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
        number = checked_dtype(dtype)
        given = described(int(n_inputs), layers)
        kind = _core.NetworkFloat32 if number == np.float32 else _core.NetworkFloat64
        super().__init__(kind(int(n_inputs), given, loss.name, loss.values(), int(seed)), layers, loss)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        rule: Rule | Solver | str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        batches: BatchesName = "shuffled",
        order_seed: int | None = None,
        class_weight: ClassWeight | None = None,
        sample_weight: ArrayLike | None = None,
        validation_data: ValidationData | None = None,
        validation_fraction: float | None = None,
        validation_split: ValidationSplit = "last",
        callbacks: Callbacks = (),
        verbose: bool = False,
        max_steps: int | None = None,
        max_time: float | None = None,
        diagnose: bool = False,
        prove: bool = False,
        truncation: int | None = None,
    ) -> History:
        """Train with mini-batches; another call continues from there.

        Arrays of numbers are read in place, whatever their type, byte order and strides: each batch is gathered row by
        row and converted to the network's type with one rounding, so a `numpy.memmap` may be larger than memory. A
        first `Dense` reads a sparse X (`scipy.sparse`) without a dense copy if less than an eighth of its values are
        not 0; otherwise, the rows of one batch at a time become dense. Three cases are copied once: frames (pandas,
        polars), sparse formats other than CSR, and Fortran-ordered arrays in memory unless batches are in order. The
        last batch may be smaller. A later fit continues with the state of the same kind of rule, or the same solver.
        Ctrl-C leaves the network usable.

        A fit also ends after `max_steps` or `max_time`, in the middle of an epoch if necessary. That epoch ends as
        usual: its loss is the mean over the samples trained, validation and callbacks follow, and its number becomes
        `stopped_epoch` in the history.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_inputs)
            The network remembers the column names of a frame if they are strings (`column_names`), and reorders the
            columns of later frames by name; a missing, unknown or repeated column is an error. Arrays are matched by
            position. For a network with recurrent layers, X is sequences: an array, shape (n_samples, time, n_inputs),
            or a list of arrays, shapes (time_i, n_inputs), or (time_i,) for one input; a sample is a sequence.
        y : array_like
            Integer labels 0..n_outputs-1, shape (n_samples,), or class probabilities, shape (n_samples, n_outputs),
            for softmax_cross_entropy; else targets, shape (n_samples, n_outputs), or (n_samples,) for one output. If
            every recurrent layer returns sequences, these are needed at every step: shape (n_samples, time) or
            (n_samples, time, n_outputs), or a list of arrays of the lengths of X.
        rule : Rule, Solver or str, optional
            Update rule, for example ``optim.Adam(1e-3)``, or the name of one for its defaults: "adam". By default
            ``optim.Around(optim.AdamW(), average_share=0.05)``: AdamW, of which the network shows averaged weights.
            `optim.Around` adds penalties, decay and clipping, too. The rate "auto" is chosen by the race of
            `find_rate`, for up to a third more steps, and falls to 0. Mini-batches with a rule for full batches cause
            an `optim.BatchSizeWarning`. A solver, such as ``optim.LBFGS()``, takes all samples at once.
        epochs : int, optional
            Passes over the data; by default 10, a solver's iterations until it ends, or as many as a limit allows.
        batch_size : int, optional
            Samples per update, by default 32, and at most n_samples. Solvers reject this, `batches` and `order_seed`.
        batches : str
            "shuffled": visit the samples in a new random order in each epoch. "in_order": as they are. "stratified": at
            random, with each class's share in every batch: of n_c samples of class c among n, a batch of m has m n_c /
            n, rounded down or up. "balanced": at random, with equal shares of all classes, in an epoch of n visits:
            samples of rare classes are repeated, and some of frequent ones left out, others in each epoch. (Loss and
            batch norm then see these shares, not those of the data; the loss of an epoch is the mean over its visits.)
            The last two need classes: integer labels for softmax_cross_entropy, or one column of 0 and 1 for logistic.
            Classes that do not occur are ignored, and "balanced" needs two that do; sample weights do not count.
        order_seed : int, optional
            Seed of the order of samples and of a stratified validation split, in 0..2^64-1; by default, the network's
            seed. Initial weights and dropout always depend on the network's seed.
        class_weight : dict of label -> weight, or "balanced", optional
            Multiplies the sample weights in training, not in validation. Labels missing from the dict weigh 1.
            "balanced" weighs class c by n / (k n_c), for the k classes that occur among the n samples trained on,
            counted without their sample weights (as scikit-learn does). Needs classes, as stratified batches do, and
            at least two of them with a weight above 0.
        sample_weight : array_like, shape (n_samples,), optional
            At least 0: the loss of a batch is the weighted mean. A sample of weight 0 has no influence, whatever
            finite numbers it holds, except on the batch statistics of batch norm. With targets at every step, the shape
            may be (n_samples, time), or a list of arrays: weights of steps; 0 masks a step.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Evaluated after each epoch.
        validation_fraction : float in (0, 1), optional
            Alternatively: hold back this fraction of the samples.
        validation_split : str
            Which samples `validation_fraction` holds back. "last": the last ones, without a copy. (Shuffle sorted
            samples first.) "stratified": each class's share, rounded down or up, chosen by the seed; needs classes, as
            stratified batches do, and copies the samples.
        callbacks : sequence of Callback or function
            Each is called with (net, epoch, logs) after each epoch, and returns True to stop: see `Callback` and
            `EarlyStopping`.
        verbose : bool
            Show progress and the time left: a line that is redrawn in a terminal or notebook, else one line per epoch.
        max_steps : int, optional
            Maximum number of updates; ``history.steps`` of an earlier fit repeats it.
        max_time : float, optional
            Time limit in seconds, including validation and callbacks; the update in progress is completed. A schedule
            that spans the fit (``optim.Cosine(0.1)``) is stretched or shrunk by the measured speed, so that it ends at
            the limit, or with the last of `epochs`.
        diagnose : bool
            Watch the fit, for at most 3 % of its time and with the same bits: ``history.diagnosis`` says what is wrong,
            with remedies; see `diagnose.Diagnosis`. Needs memory for the gradient and a copy of the network.
        prove : bool
            With `diagnose`: then try the remedy of each finding, by two fits side by side, and report which improve.
        truncation : int, optional
            Truncated backpropagation through time, for long sequences: they are cut into windows of this many steps,
            with an update after each. States are carried into the next window, gradients are not. Needs a recurrent
            network with targets at every step.

        Returns
        -------
        History

        Raises
        ------
        ValueError, TypeError
            For invalid shapes, types and values, including NaN and infinity; nothing is changed.
        DivergedError
            If the loss or a weight becomes NaN or infinite. It names the epoch, step and layer, and the weights are
            restored to those at the end of the last finite epoch.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
        >>> history = net.fit(X, X**2, rule=fanin.optim.Adam(1e-2), epochs=20, validation_fraction=0.1)
        >>> len(history.val_loss)
        20
        """
        settings = Settings(
            rule=rule,
            epochs=epochs,
            batch_size=batch_size,
            batches=batches,
            order_seed=order_seed,
            class_weight=class_weight,
            sample_weight=sample_weight,
            validation_data=validation_data,
            validation_fraction=validation_fraction,
            validation_split=validation_split,
            callbacks=callbacks,
            verbose=verbose,
            max_steps=max_steps,
            max_time=max_time,
            diagnose=diagnose,
            truncation=truncation,
        )
        check_flag("prove", prove)
        if prove and not diagnose:
            raise ValueError("prove: expected False without diagnose=True, got True")
        if prove and self._core.many_to_many:
            raise ValueError(
                "prove: expected False for targets at every step, because remedies are judged by rows"
            )
        fit, opened = open_resolved(self, X, y, settings)
        with opened as training:
            history = fit.run(lambda: fit.epoch(training)[:2])
            fit.finish(training)
        if prove:
            history.diagnosis = history.diagnosis.prove(X, y)
        return history

    def objective(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        l2: float = 0.0,
        frozen_batch_norm: bool = False,
    ) -> Objective:
        """Return the mean loss over these samples as a function of all weights, with its derivatives.

        It serves optimizers of your own, and SciPy's: see `training.objective.Objective`.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        l2 : float
            At least 0: adds ``l2/2 |W|^2`` over weights, not biases.
        frozen_batch_norm : bool
            Whether batch norms use their running statistics, as constants.

        Returns
        -------
        Objective

        Raises
        ------
        ValueError, TypeError
            As `fit` does.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(1, [fanin.Dense(1, initializer="zeros")])
        >>> objective = net.objective([[0.0], [1.0]], [1.0, 3.0])
        >>> objective.loss(objective.weights())
        2.5
        """
        return Objective(self, X, y, sample_weight, l2, frozen_batch_norm)
