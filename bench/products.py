"""The three products of a dense layer, and the weight gradient with Adam on its blocks."""

from __future__ import annotations

from bench.cases import PRODUCT_KINDS, PRODUCTS
from bench.compare import Library, Variant
from bench.group import Group
from bench.theory import product_phase

EXACT_KINDS = [kind for kind in PRODUCT_KINDS if "Adam" not in kind]
TOLERANCE = 1e-4  # the products of small integers are exact; a step of Adam is not


def variants(column: str, kinds: list[str]) -> list[Variant]:
    """One variant a kind of product: its name is its result."""
    return [Variant(kind, column, kind) for kind in kinds]


def products_group() -> Group:
    """Kernels of fanin, called from C++, beside the matrix products of PyTorch and NumPy."""
    return Group(
        name="products",
        libraries=[
            Library("fanin", "products_fanin", variants("fanin", list(PRODUCT_KINDS)), TOLERANCE),
            Library("PyTorch", "products_torch", variants("PyTorch", list(PRODUCT_KINDS)), TOLERANCE),
            Library("NumPy", "products_numpy", variants("NumPy", EXACT_KINDS), TOLERANCE),
        ],
        cases=list(PRODUCTS),
        results={kind: f"{kind[0].upper()}{kind[1:]}: {formula}" for kind, formula in PRODUCT_KINDS.items()},
        work=lambda product: 2.0 * product.rows * product.columns * product.depth,
        limit=lambda product, kind, limits: product_phase(product, kind).seconds(limits),
    )
