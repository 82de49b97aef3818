"""The kernels of fanin alone with pytest-benchmark: products in C++, layers and activations from Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bench.cases import (
    ACTIVATIONS,
    ELEMENT_KINDS,
    FUNCTIONAL_KINDS,
    PRODUCT_KINDS,
    PRODUCTS,
    Elements,
    Product,
)
from bench.conftest import THREADS, ProgramClock, started
from bench.programs import PRODUCTS_VARIABLE
from bench.workers.activations_fanin import Activations
from bench.workers.functional_fanin import Layers
from bench.workers.products_fanin import Products

CLOCK = ProgramClock()


@pytest.fixture(scope="module", params=THREADS)
def products(request: pytest.FixtureRequest) -> Iterator[Products]:
    """The program of the products on a number of threads."""
    yield from started(Products, "fanin_bench_products", PRODUCTS_VARIABLE, request.param)


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("kind", PRODUCT_KINDS)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_bench_a_product_of_panels(benchmark: Any, products: Products, product: Product, kind: str) -> None:
    products.prepare(asdict(product), [kind])
    benchmark.pedantic(CLOCK.one_call, (products, kind), rounds=9)
    assert products.check(kind)


@pytest.mark.parametrize("n_threads", THREADS, indirect=True)
@pytest.mark.parametrize("kind", FUNCTIONAL_KINDS)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_bench_a_functional_layer(benchmark: Any, product: Product, kind: str, n_threads: int) -> None:
    layers = Layers()
    layers.prepare(asdict(product), [kind])
    results = benchmark(layers.compute, kind)
    assert results[0].shape == (product.rows, product.columns)


@pytest.mark.parametrize("n_threads", THREADS, indirect=True)
@pytest.mark.parametrize("kind", ELEMENT_KINDS)
@pytest.mark.parametrize("elements", ACTIVATIONS, ids=lambda elements: elements.name)
def test_bench_an_activation(benchmark: Any, elements: Elements, kind: str, n_threads: int) -> None:
    activations = Activations()
    activations.prepare(asdict(elements), [kind])
    results = benchmark(activations.compute, kind)
    assert results[0].shape == (elements.count,)
