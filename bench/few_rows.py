"""Products of 1 to 8 rows, as prediction and online learning have them: a matter of bandwidth."""

from __future__ import annotations

from bench.cases import FEW_ROWS
from bench.group import Group
from bench.products import product_libraries, product_seconds, product_work


def few_rows_group() -> Group:
    """Weights that live in each cache and in memory."""
    kinds = ["forward"]
    return Group(
        name="few_rows",
        libraries=product_libraries(kinds, kinds),
        cases=list(FEW_ROWS),
        results={"forward": "Few rows: Z = A W"},
        work=product_work,
        limit=product_seconds,
    )
