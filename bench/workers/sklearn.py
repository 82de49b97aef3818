"""scikit-learn's MLPClassifier and MLPRegressor."""

import os
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import sklearn
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, RobustScaler, StandardScaler

from bench import data
from bench.cases import Columns, DataSet, Estimator, Net
from bench.curvature import MOST, Descent
from bench.pool import THREAD_VARIABLES
from bench.search import Trials
from bench.sparse import Newsgroups, SparseEstimator
from bench.workers import csr, estimators, minimizers, trials
from bench.workers import tables as of_tables
from bench.workers.serve import Task

VERSION = sklearn.__version__
MOST_STEPS = 256  # a round
# Its Adam adds epsilon before the bias correction, which in the steps of the check makes it some 25 times as large.
EPSILON, EPSILON_TOLERANCE = 1e-8 / 25, 1e-3


def theirs(weights: list[tuple[Any, Any]], two_classes: bool) -> tuple[list[Any], list[Any]]:
    """Weights and biases. One logistic output stands for two classes: its logit is the difference of theirs."""
    if two_classes:
        weight, bias = weights[-1]
        weights = [*weights[:-1], (weight[:, 1:] - weight[:, :1], bias[1:] - bias[:1])]
    return [weight for weight, _ in weights], [bias for _, bias in weights]


def steps(net: Net) -> Iterator[Task]:
    """partial_fit, one pass of shuffled mini-batches with Adam over the samples it is given; no L2 penalty."""
    if net.batch_norm:
        return
    (x, y), n = data.samples(net), net.batch
    first, count = (x[:n], y[:n]), min(net.steps, MOST_STEPS)
    regression = net.loss == "squared_error"
    model = (MLPRegressor if regression else MLPClassifier)(
        hidden_layer_sizes=net.sizes[1:-1],
        alpha=0.0,
        batch_size=n,
        epsilon=EPSILON,
        max_iter=1,
        n_iter_no_change=1_000_000,
        warm_start=True,
        random_state=0,
    )
    warnings.simplefilter("ignore")  # that one iteration is not enough to converge
    model.fit(*first)
    weights = data.weights(net)
    two_classes = net.sizes[-1] == 2 and not regression
    model.coefs_, model.intercepts_ = theirs(weights, two_classes)

    def check() -> list[float]:
        """With two classes only the loss before the steps compares: half the output weights, other steps."""
        model.set_params(max_iter=net.check_steps + 1).fit(*first)  # restarts Adam
        outputs = net.sizes[-1] if regression else 1  # over which its squared error is a mean
        losses = [outputs * loss for loss in model.loss_curve_[-net.check_steps - 1 :]]
        return losses[:1] if two_classes else losses

    some = partial(model.partial_fit, x[: count * n], y[: count * n])
    yield Task("training", some, check=check, tolerance=EPSILON_TOLERANCE, per=count)


def sklearn_face(case: Estimator) -> Iterator[Task]:
    yield from estimators.tasks(MLPClassifier, case)


def tables(case: DataSet) -> Iterator[Task]:
    """Trees on categories, and the MLP on one-hot categories beside standardized numbers."""
    warnings.simplefilter("ignore")  # that the iterations of the MLP are not enough to converge
    trees, mlp = HistGradientBoostingRegressor, MLPRegressor
    if case.classes:
        trees, mlp = HistGradientBoostingClassifier, MLPClassifier
    yield from of_tables.tasks(case, partial(trees, random_state=0), "HistGradientBoosting")

    def make() -> Any:
        numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        categories = OneHotEncoder(handle_unknown="ignore")
        encoder = make_column_transformer(
            (numbers, make_column_selector(dtype_exclude="category")),
            (categories, make_column_selector(dtype_include="category")),
        )
        return make_pipeline(encoder, mlp(random_state=0))

    yield from of_tables.tasks(case, make, "scikit-learn MLP")


def inputs(case: Columns) -> Iterator[Task]:
    """The transformers that learn the same: 256 quantiles, and the covariance's eigenvectors."""
    transformers = {
        "standardize": StandardScaler(),
        "robust_scale": RobustScaler(),
        "quantile": QuantileTransformer(n_quantiles=256, subsample=1 << 16, output_distribution="normal"),
        "whiten": PCA(whiten=True, svd_solver="covariance_eigh"),
    }
    transformer, x = transformers[case.layer], data.columns(case)

    def check() -> list[float]:
        return [data.mean_size(transformer.fit(x).transform(x[:1000]))]

    yield Task("learn", partial(transformer.fit, x), check=check)


class Watched(MLPClassifier):
    """Shows each loss to `watch`."""

    def _loss_grad_lbfgs(self, *arguments: Any) -> Any:
        loss, gradient = super()._loss_grad_lbfgs(*arguments)
        self.watch(loss)
        return loss, gradient


def curvature(case: Any) -> Iterator[Task]:
    """`fit` from given weights, which it takes for those of an earlier one."""
    if not isinstance(case, Descent):
        return
    warnings.simplefilter("ignore")  # that one iteration is not enough to converge
    x, y = minimizers.labelled(case)
    model = Watched(case.sizes[1:-1], solver="lbfgs", tol=1e-5, max_iter=1, max_fun=MOST, warm_start=True)
    model.watch = lambda loss: None
    model.fit(x, y)
    model.set_params(max_iter=MOST)

    def minimize(weights: Any, watch: minimizers.Watch) -> None:
        model.watch = watch
        model.coefs_, model.intercepts_ = theirs(weights, case.sizes[-1] == 2)
        model.fit(x, y)

    yield from minimizers.tasks(case, minimize)


def search(case: Any) -> Iterator[Task]:
    """In one process, and in two."""
    if not isinstance(case, Trials):
        return
    yield from trials.tasks(case, MLPClassifier, RandomizedSearchCV)
    for variable in THREAD_VARIABLES:  # which joblib would leave to its processes
        os.environ.pop(variable, None)
    two = partial(RandomizedSearchCV, n_jobs=2)
    yield from trials.tasks(case, MLPClassifier, two, column="scikit-learn, n_jobs=2")


def sparse(case: Any) -> Iterator[Task]:
    """Linear models and an MLP on texts; a penalty of the MLP's weights would only make it slower."""
    warnings.simplefilter("ignore")  # that the epochs are not enough to converge
    if isinstance(case, SparseEstimator):
        yield from csr.classifier(MLPClassifier, case, case.peer_steps)
    elif isinstance(case, Newsgroups):
        settings: dict[str, Any] = {"alpha": 0.0, "batch_size": csr.BATCH, "max_iter": csr.EPOCHS}
        models: dict[str, Any] = {
            "liblinear": OneVsRestClassifier(LogisticRegression(solver="liblinear")),
            "SGDClassifier": SGDClassifier(loss="log_loss", random_state=0),
            "MLPClassifier": MLPClassifier((32,), learning_rate_init=0.003, random_state=0, **settings),
        }
        fits = {f"scikit-learn {name}": partial(predictor, model) for name, model in models.items()}
        yield from csr.texts(case, HashingVectorizer(n_features=case.columns), fits)


def predictor(model: Any, x: Any, y: Any) -> Any:
    return model.fit(x, y).predict
