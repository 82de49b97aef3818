"""Checking the data of a fit, and beginning it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.data.inputs import ColumnNames, error_context, note_names
from fanin.data.sequences import as_samples
from fanin.data.sparse import as_csr
from fanin.data.validation import Validation, split_off, validation_of
from fanin.optim import Solver
from fanin.training.fitting import Closing, Fit
from fanin.training.settings import Settings
from fanin.training.solver_fit import SolverFit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.network import Network


def open_fit(
    net: Network, X: ArrayLike, y: ArrayLike, settings: Settings, population: _core.Population | None = None
) -> tuple[Fit, Closing]:
    """Check the data of a fit; return the fit and its training, alone or as part of a population."""
    (X, y, weights), validation, names = data_of(net, X, y, settings)
    solves = isinstance(settings.rule, Solver)
    if solves and population is not None:
        raise ValueError(
            f"rule: {settings.rule.kind} uses all threads for one network; fit the networks in turn"
        )
    fit = (SolverFit if solves else Fit)(net, settings, validation, names)
    stratified = settings.validation_split == "stratified"
    with error_context("validation_split: rows counted among those to train on: " if stratified else ""):
        opened = fit.training(
            *fit.weighted(X, y, weights, rows="all"), population=population, epochs=fit.epochs
        )
    fit.watch_decay(X, settings)
    return fit, opened


def data_of(
    net: Network, X: ArrayLike, y: ArrayLike, settings: Settings
) -> tuple[tuple[Any, ...], Validation | None, ColumnNames]:
    """Return (X, y, sample_weight) to train on, the validation data and the column names."""
    names = net._core.column_names
    X = as_csr(X)  # once, because it takes a copy
    note_names(X, y, names)  # first, because the columns of validation data may be in a different order
    data = as_samples(net, X, y, settings.sample_weight)
    validation = validation_of(net, settings.validation_data, names)
    if settings.validation_fraction is not None:
        seed = net.seed if settings.order_seed is None else int(settings.order_seed)
        how = settings.validation_fraction, settings.validation_split, seed
        data, validation = split_off(net, *how, validation, names, *data)
    return data, validation, names
