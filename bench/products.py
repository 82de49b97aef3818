"""The three products of a dense layer, and the weight gradient with Adam on its blocks."""

from __future__ import annotations

from bench.cases import PRODUCT_KINDS, PRODUCTS, SOME_PRODUCTS, Product
from bench.compare import Library, Variant
from bench.group import Group
from bench.machine import Limits
from bench.theory import product_phase

EXACT_KINDS = [kind for kind in PRODUCT_KINDS if "Adam" not in kind]
TOLERANCE = 1e-4  # the products of small integers are exact; a step of Adam is not
RESULTS = {kind: f"{kind[0].upper()}{kind[1:]}: {formula}" for kind, formula in PRODUCT_KINDS.items()}


def variants(column: str, kinds: list[str]) -> list[Variant]:
    """One variant a kind of product: its name is its result."""
    return [Variant(kind, column, kind) for kind in kinds]


def product_libraries(kinds: list[str], exact_kinds: list[str]) -> list[Library]:
    """Kernels of fanin, called from C++, beside the matrix products of PyTorch and NumPy."""
    return [
        Library("fanin", "products_fanin", variants("fanin", kinds), TOLERANCE),
        Library("PyTorch", "products_torch", variants("PyTorch", kinds), TOLERANCE),
        Library("NumPy", "products_numpy", variants("NumPy", exact_kinds), TOLERANCE),
    ]


def product_work(product: Product) -> float:
    """Floating-point operations."""
    return 2.0 * product.rows * product.columns * product.depth


def product_seconds(product: Product, kind: str, limits: Limits) -> float:
    """The limit of a product."""
    return product_phase(product, kind).seconds(limits)


def products_group() -> Group:
    """Every shape in float32, some in float64."""
    return Group(
        name="products",
        libraries=product_libraries(list(PRODUCT_KINDS), EXACT_KINDS),
        cases=[*PRODUCTS, *(Product(*shape, dtype="float64") for shape in SOME_PRODUCTS)],
        results=RESULTS,
        work=product_work,
        limit=product_seconds,
    )


def products_avx2_group() -> Group:
    """The kernels for AVX2, forced on a processor that has wider ones, against the peak of AVX2."""
    forced = {"FANIN_ISA": "avx2"}
    kernels = Library(
        "fanin", "products_fanin", variants("fanin", list(PRODUCT_KINDS)), TOLERANCE, environment=forced
    )
    return Group(
        name="products_avx2",
        libraries=[kernels],
        cases=[Product(*shape, dtype) for dtype in ("float32", "float64") for shape in SOME_PRODUCTS],
        results={kind: f"AVX2 forced. {heading}" for kind, heading in RESULTS.items()},
        work=product_work,
        limit=product_seconds,
        instruction_set="avx2",
    )
