"""Estimators of scikit-learn: its MLPClassifier and MLPRegressor, trained by fanin; and two for tables."""

try:
    import sklearn as _  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'fanin.sklearn needs scikit-learn: pip install "fanin[sklearn]"', name="sklearn"
    ) from error

from fanin.sklearn.autoencoder import Autoencoder
from fanin.sklearn.classifier import MLPClassifier
from fanin.sklearn.display import FitDisplay
from fanin.sklearn.population_search import PopulationSearchCV
from fanin.sklearn.regressor import MLPRegressor
from fanin.sklearn.table_classifier import FaninClassifier
from fanin.sklearn.table_regressor import FaninRegressor

__all__ = [
    "Autoencoder",
    "FaninClassifier",
    "FaninRegressor",
    "FitDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "PopulationSearchCV",
]


def __dir__() -> list[str]:
    return __all__
