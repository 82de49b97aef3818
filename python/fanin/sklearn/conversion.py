"""From fanin's estimators to scikit-learn's own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import sklearn.neural_network
from sklearn.utils.validation import check_is_fitted

# attributes of a fitted estimator, as scikit-learn calls them; data, not calls: prediction needs some private ones
_FITTED = (
    "coefs_",
    "intercepts_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "_label_binarizer",
    "n_iter_",
    "t_",
    "loss_",
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
    "_no_improvement_count",
)


def to_sklearn(estimator: Any, name: str) -> Any:
    """Return scikit-learn's estimator of this name with the parameters, weights and other results of `estimator`."""
    check_is_fitted(estimator)
    kind = getattr(sklearn.neural_network, name)
    known = kind().get_params()
    if estimator.loss == "poisson" and "loss" not in known:
        raise ValueError(
            f"to_sklearn: loss='poisson' needs scikit-learn 1.7 or newer, got {sklearn.__version__}"
        )
    converted = kind(**{parameter: getattr(estimator, parameter) for parameter in known})
    for attribute in _FITTED:
        if hasattr(estimator, attribute):
            setattr(converted, attribute, deepcopy(getattr(estimator, attribute)))
    if estimator.early_stopping:  # where a warm fit begins
        converted._best_coefs = deepcopy(converted.coefs_)
        converted._best_intercepts = deepcopy(converted.intercepts_)
    return converted
