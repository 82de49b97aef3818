"""The kernels of fanin alone with pytest-benchmark: products in C++, layers and activations from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

import fanin
from bench.cases import (
    ACTIVATIONS,
    ELEMENT_KINDS,
    FUNCTIONAL_KINDS,
    PRODUCT_KINDS,
    PRODUCTS,
    Elements,
    Product,
)
from bench.pool import THREAD_VARIABLES
from bench.programs import PRODUCTS_VARIABLE, BuildError, products_program
from bench.workers.activations_fanin import Activations
from bench.workers.functional_fanin import Layers
from bench.workers.products_fanin import Products

THREADS = sorted({1, os.cpu_count() or 1})


class ProgramClock:
    """Time as the C++ program tells it: what its calls took, without the pipe to it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def one_call(self, products: Products, kind: str) -> None:
        """Advance by the time of one product, from about 20 ms of them."""
        self.seconds += 1e-6 * products.round(kind, 0.02)


CLOCK = ProgramClock()


@pytest.fixture
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """The number of threads of a test, in fanin."""
    before = fanin.get_num_threads()
    fanin.set_num_threads(request.param)
    yield request.param
    fanin.set_num_threads(before)


@pytest.fixture(scope="module", params=THREADS)
def products(request: pytest.FixtureRequest) -> Iterator[Products]:
    """The program of the products on a number of threads."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            patch.setenv(PRODUCTS_VARIABLE, products_program())
        except BuildError as error:
            pytest.skip(str(error))
        for variable in THREAD_VARIABLES:
            patch.setenv(variable, str(request.param))
        worker = Products()
    yield worker
    worker.close()


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
