"""Stubs of the part of `fanin._core` for solvers."""

from typing import Any, Generic, TypeVar, type_check_only

from numpy import float32, float64
from numpy.typing import ArrayLike, NDArray

from fanin._core import Budget, EpochResult, _Network

_F = TypeVar("_F", float32, float64)

def solver_ranges() -> dict[str, dict[str, Any]]: ...

@type_check_only
class _Objective(Generic[_F]):
    def __init__(
        self,
        network: _Network[_F],
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        l2: float = 0.0,
    ) -> None: ...
    @property
    def size(self) -> int: ...
    def loss(self, w: NDArray[_F]) -> float: ...
    def loss_and_gradient(self, w: NDArray[_F]) -> tuple[float, NDArray[_F]]: ...

@type_check_only
class _SolverTraining(Generic[_F]):
    def __init__(
        self,
        network: _Network[_F],
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        budget: Budget,
    ) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def vector_targets(self) -> bool: ...
    def epoch(self, solver: str, values: dict[str, Any]) -> EpochResult: ...
    def close(self) -> None: ...

class ObjectiveFloat32(_Objective[float32]): ...
class ObjectiveFloat64(_Objective[float64]): ...
class SolverTrainingFloat32(_SolverTraining[float32]): ...
class SolverTrainingFloat64(_SolverTraining[float64]): ...
