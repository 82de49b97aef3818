"""`fanin.functional` on row-major arrays, called from Python, beside the same calls of PyTorch and NumPy."""

from __future__ import annotations

from bench.cases import ACTIVATIONS, ELEMENT_KINDS, FUNCTIONAL_KINDS, PRODUCTS, Elements, Product
from bench.compare import Library, Variant
from bench.group import Group
from bench.machine import Limits
from bench.theory import product_phase

TOLERANCE = 1e-4


def variants(column: str, kinds: dict[str, str]) -> list[Variant]:
    """One variant a kind: its name is its result."""
    return [Variant(kind, column, kind) for kind in kinds]


def headings(kinds: dict[str, str]) -> dict[str, str]:
    """The heading of the table of each kind."""
    return {kind: f"{kind[0].upper()}{kind[1:]}: {formula}" for kind, formula in kinds.items()}


def functional_group() -> Group:
    """Dense layers on the shapes of the products."""
    product_only = {"product": FUNCTIONAL_KINDS["product"]}
    return Group(
        name="functional",
        libraries=[
            Library("fanin", "functional_fanin", variants("fanin", FUNCTIONAL_KINDS), TOLERANCE),
            Library("PyTorch", "functional_torch", variants("PyTorch", FUNCTIONAL_KINDS), TOLERANCE),
            Library("NumPy", "functional_numpy", variants("NumPy", product_only), TOLERANCE),
        ],
        cases=list(PRODUCTS),
        results=headings(FUNCTIONAL_KINDS),
        work=lambda product: 2.0 * product.rows * product.columns * product.depth,
        limit=functional_seconds,
    )


def functional_seconds(product: Product, kind: str, limits: Limits) -> float:
    """One product, or the three of a layer with its gradients."""
    products = 3 if kind == "layer and gradients" else 1
    return products * product_phase(product, "forward").seconds(limits)


def activations_group() -> Group:
    """Activations on arrays in cache."""
    return Group(
        name="activations",
        libraries=[
            Library("fanin", "activations_fanin", variants("fanin", ELEMENT_KINDS), TOLERANCE),
            Library("PyTorch", "activations_torch", variants("PyTorch", ELEMENT_KINDS), TOLERANCE),
        ],
        cases=list(ACTIVATIONS),
        results=headings(ELEMENT_KINDS),
        work=lambda elements: float(elements.count),
        limit=activation_seconds,
        rate="10^9/s",
    )


def activation_seconds(elements: Elements, kind: str, limits: Limits) -> float:
    """Numbers read and written, at the bandwidth of the cache that holds them: the arithmetic is left out."""
    both = kind == "value and gradient"
    held = 4.0 * (5 if both else 2) * elements.count
    value = 8 * elements.count / limits.bandwidth(held, "copy")
    return value + (12 * elements.count / limits.bandwidth(held) if both else 0.0)
