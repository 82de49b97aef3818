from __future__ import annotations

import pytest

from ranks import Library, library


@pytest.fixture(params=["mpich", "openmpi"])
def mpi(request: pytest.FixtureRequest) -> Library:
    return library(request.param)
