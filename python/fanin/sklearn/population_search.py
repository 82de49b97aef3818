"""PopulationSearchCV."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import config_context
from sklearn.metrics import check_scoring
from sklearn.model_selection import RandomizedSearchCV
from sklearn.utils import check_random_state

from fanin.search.engine import search
from fanin.sklearn.population_results import cv_results, rows_of_results
from fanin.sklearn.population_setup import folds_of, journal_of, plan_of, quick_scorer, shared_parameters
from fanin.sklearn.population_training import Estimators, Judge, prefix_of

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike

    from fanin.search.space import Grid, Space


class PopulationSearchCV(RandomizedSearchCV):  # type: ignore[misc]
    """A random search for the parameters of an MLP, by successive halving without retraining.

    `n_iter` random choices are trained for a few epochs on every fold, the best third of them for three times as many,
    and so on up to `max_epochs` (successive halving; Jamieson and Talwalkar 2016). No training is repeated: each
    network resumes exactly where it was. At every rung, a copy of it is trained with a rate that falls to 0 over a
    fifth of the epochs, and scored; otherwise low rates would look better only because they fluctuate less. All trials
    have the same folds, seed and order of samples. They are trained side by side, one a thread, each bit-identical to
    ``estimator.set_params(**params, max_iter=n_epochs, linear_tail=0.2).fit(...)`` on the rows of the fold.

    Within ``with joblib.parallel_backend("dask")``, or another backend of joblib, the trainings run on its workers, and
    the result is the same.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor of fanin.sklearn, or a pipeline that ends with one
        Earlier steps are fitted on the training rows of each fold. Without a `random_state`, all trials share one drawn
        from that of the search. A `linear_tail` above 0 is kept, else it is 0.2.
    param_distributions : dict of name -> distribution
        Distributions of `fanin.search`, lists, or anything with `rvs`; or a `fanin.search.Grid`.
    n_iter : int
        Trials in each round.
    factor : float
        One in so many trials reaches the next rung.
    min_epochs, max_epochs : int or "auto"
        Epochs of the first and of the last rung. "auto": the estimator's `max_iter` for the last one, and that divided
        by the factor as often as there are trials to drop for the first. Equal numbers make a plain random search.
    max_time : float, optional
        Seconds, of which refitting gets as much as a rung. Each rung gets an equal part of the time left, and trains
        fewer trials if that is too little.
    scoring : str or callable, optional
        One metric, as in scikit-learn; by default the estimator's `score`.
    cv : int, splitter or iterable, optional
        As in scikit-learn.
    refit : bool or callable
        Train the best choice on all rows, as `best_estimator_`. A function of `cv_results_` returns the row to take.
    n_jobs : int, optional
        Trainings at a time: by default one for each thread that fanin may use, or what joblib's backend offers.
    random_state : int, RandomState or None
        Of the draws and the folds.
    verbose : int
        Above 0: print each decision, with a line that shows progress and the time left in a terminal or notebook.
    error_score : "raise" or float
        The score of a fold whose training fails, such as one that diverges.
    return_train_score : bool
        Whether `cv_results_` has scores of the training rows, too.
    rounds : int or None
        From coarse to fine: each further round draws from half of each range, around the best trials so far, or from
        beyond an edge if these are near it; but never from outside the range given. None: until `max_time`.
    tiers : "ng" or lists of names, optional
        Parameters to open one tier after the other, a round each, before `rounds` count; those of later tiers keep the
        estimator's values until then. "ng": Ng's ranking: learning rate; momentum, units, batch size; layers, decay,
        all others; Adam's betas.
    journal : str or path, optional
        A file with each finished rung of a trial. A search with the same arguments resumes from it, after a crash too,
        and its result is the same bit for bit (without `max_time`). It needs a `random_state` that is an integer.

    Attributes
    ----------
    search_ : fanin.search.Result
        The trials, and each decision in a sentence as `search_.log`; `fanin.plot` draws it.
    cv_results_ : dict of arrays
        A row for each rung of each trial, with `round`, `iter` (the rung), `n_epochs`, and scikit-learn's columns.
        `rank_test_score` compares all rows, but the best is one of those trained longest, unless an earlier rung leads
        by more than 1.5 standard errors.
    best_estimator_, best_index_, best_params_, best_score_, n_epochs_
        Of the best trial at its last rung. `best_estimator_` is trained for `n_epochs_` on all rows.
    scorer_, n_splits_, refit_time_, multimetric_, n_features_in_, feature_names_in_, classes_
        As in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fanin import search
    >>> from fanin.sklearn import MLPClassifier, PopulationSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {
    ...     "learning_rate_init": search.LogUniform(1e-4, 1e-1),
    ...     "hidden_layer_sizes": search.TupleOf(search.IntUniform(8, 64), search.IntUniform(1, 2)),
    ... }
    >>> model = PopulationSearchCV(MLPClassifier(max_iter=50), space, n_iter=9, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9), model.cv_results_["n_epochs"].tolist().count(50)
    (True, 3)
    """

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any] | Space | Grid,
        *,
        n_iter: int = 64,
        factor: float = 3,
        min_epochs: int | str = "auto",
        max_epochs: int | str = "auto",
        max_time: float | None = None,
        scoring: Any = None,
        cv: Any = None,
        refit: Any = True,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        rounds: int | None = 1,
        tiers: Any = None,
        journal: Any = None,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.factor = factor
        self.min_epochs = min_epochs
        self.max_epochs = max_epochs
        self.max_time = max_time
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.rounds = rounds
        self.tiers = tiers
        self.journal = journal

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Search, and train the best choice on all rows.

        Parameters
        ----------
        X, y, sample_weight
            As the estimator takes them; weights count in training, not in scoring, as in scikit-learn.
        groups : array of shape (n_samples,), optional
            For a `cv` that keeps groups together.
        X_val, y_val, sample_weight_val : optional
            Rows that score the trials, instead of a cross-validation; the first two together.

        Returns
        -------
        self : the search

        Raises
        ------
        ValueError, TypeError
            For invalid arguments; if all trainings fail, with the commonest cause; and if `max_time` is over before
            one trial is trained.
        """
        random = check_random_state(self.random_state)
        seed, shared = (int(random.randint(2**31)) for _ in range(2))
        plan = plan_of(self, seed)
        folds, ratio = folds_of(self, X, y, sample_weight, groups, (X_val, y_val, sample_weight_val))
        scorer = check_scoring(self.estimator, self.scoring)
        trainer = Estimators(
            self.estimator,
            folds,
            Judge(quick_scorer(scorer, self, y), self.return_train_score, self.error_score),
            shared_parameters(self.estimator, shared),
            plan.rungs[-1],
            self.n_jobs,
            ratio,
        )
        journal = journal_of(self, plan, folds)
        self.search_ = search(trainer, plan, journal, verbose=bool(self.verbose))
        trainer.warn()
        self._show(scorer, len(folds))
        if self.refit:
            self._refit(trainer, X, y, sample_weight)
        else:
            self.__dict__.pop("best_estimator_", None)
        return self

    def _show(self, scorer: Any, splits: int) -> None:
        """Set the attributes that scikit-learn's searches have."""
        found = self.search_
        rows = rows_of_results(found.trials)
        self.cv_results_ = cv_results(rows, found.rungs)
        self.scorer_, self.multimetric_, self.n_splits_ = scorer, False, splits
        place = next(i for i, (trial, outcome) in enumerate(rows) if outcome is found.best.last)
        if callable(self.refit):
            place = self.refit(self.cv_results_)
            if not isinstance(place, int | np.integer) or not 0 <= place < len(rows):
                kind = IndexError if isinstance(place, int | np.integer) else TypeError
                raise kind(f"refit: expected the number of a row of cv_results_, got {place!r}")
            place = int(place)
        self.best_index_ = place
        self.best_params_ = self.cv_results_["params"][place]
        self.n_epochs_ = int(self.cv_results_["n_epochs"][place])
        self.best_score_ = float(self.cv_results_["mean_test_score"][place])

    def _refit(self, trainer: Estimators, X: Any, y: Any, sample_weight: Any) -> None:
        """Train the best choice on all rows, as long as its trial was trained."""
        began = time.perf_counter()
        prefix = prefix_of(self.estimator)
        best = trainer.configured({**self.best_params_, f"{prefix}max_iter": self.n_epochs_})
        weights = {} if sample_weight is None else {f"{prefix}sample_weight": sample_weight}
        with config_context(enable_metadata_routing=False):  # weights go to the last step, as in the folds
            self.best_estimator_ = best.fit(X, y, **weights)
        self.refit_time_ = time.perf_counter() - began
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
