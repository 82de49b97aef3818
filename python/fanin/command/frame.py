"""Named columns as the estimators take them, without pandas or polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Frame(dict[str, Any]):
    """A dict of columns with the names and the shape of a frame."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(next(iter(self.values()), ())), len(self)

    def rows(self, places: NDArray[np.intp]) -> Frame:
        """Return these rows."""
        return Frame({name: column[places] for name, column in self.items()})
