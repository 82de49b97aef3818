"""Multi-layer neural networks on the CPU: the textbook's update rules, near the hardware's speed limit."""

from fanin import cpu, diagnose, functional, initializers, losses, optim, plot, search
from fanin._core import CodedRows, DivergedError, __version__
from fanin.config import (
    config,
    get_cmake_dir,
    get_include,
    get_num_threads,
    num_threads,
    set_num_threads,
    show_config,
)
from fanin.export.torch.network import from_torch
from fanin.export.torch.training import optimizer_from_torch, optimizer_to_torch
from fanin.export.torch.weights import weights_from_torch, weights_to_torch
from fanin.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    OneHot,
    PiecewiseLinear,
    Quantile,
    Recurrent,
    Residual,
    RobustScale,
    Standardize,
    Tied,
    Whiten,
)
from fanin.loading import load
from fanin.network import Network
from fanin.replaying import replay, rows_behind
from fanin.sparse import HashedText, bags
from fanin.tables import TableEncoder
from fanin.training.callbacks import Callback
from fanin.training.decision import Decision
from fanin.training.early_decay import EarlyDecayWarning
from fanin.training.early_stopping import EarlyStopping
from fanin.training.history import History
from fanin.training.race import RateCurve, find_rate
from fanin.training.rate_control import RateControl
from fanin.training.reduce_on_plateau import ReduceOnPlateau
from fanin.training.together import train_together
from fanin.unit_variance import LsuvReport, lsuv

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "BatchNorm",
    "Callback",
    "CodedRows",
    "Decision",
    "Dense",
    "DivergedError",
    "Dropout",
    "EarlyDecayWarning",
    "EarlyStopping",
    "Embedding",
    "HashedText",
    "History",
    "LsuvReport",
    "Network",
    "OneHot",
    "PiecewiseLinear",
    "Quantile",
    "RateControl",
    "RateCurve",
    "Recurrent",
    "ReduceOnPlateau",
    "Residual",
    "RobustScale",
    "Standardize",
    "TableEncoder",
    "Tied",
    "Whiten",
    "__version__",
    "bags",
    "config",
    "cpu",
    "diagnose",
    "find_rate",
    "from_torch",
    "functional",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "initializers",
    "load",
    "losses",
    "lsuv",
    "num_threads",
    "optim",
    "optimizer_from_torch",
    "optimizer_to_torch",
    "plot",
    "replay",
    "rows_behind",
    "search",
    "set_num_threads",
    "show_config",
    "train_together",
    "weights_from_torch",
    "weights_to_torch",
]


def __dir__() -> list[str]:
    return __all__
