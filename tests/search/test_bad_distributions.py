"""Invalid arguments of distributions are rejected with a clear message."""

from __future__ import annotations

import math
import re

import pytest

from fanin.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, TupleOf, Uniform

BAD = {
    "no number": (Uniform, ("a", 1), TypeError, "Uniform.low: expected a number, got 'a'"),
    "a flag": (Uniform, (0, True), TypeError, "Uniform.high: expected a number, got True"),
    "nan": (Uniform, (math.nan, 1), ValueError, "Uniform.low: expected a finite number, got nan"),
    "infinite": (LogUniform, (1, math.inf), ValueError, "LogUniform.high: expected a finite number, got inf"),
    "reversed": (Uniform, (1, 0.5), ValueError, "Uniform.high: expected a number above low, 1.0, got 0.5"),
    "equal": (IntUniform, (3, 3), ValueError, "IntUniform.high: expected a number above low, 3, got 3"),
    "log of 0": (LogUniform, (0, 1), ValueError, "LogUniform.low: expected a number in (0, infinity), got 0"),
    "beta of 1": (
        OneMinusLogUniform,
        (0.9, 1),
        ValueError,
        "OneMinusLogUniform.high: expected a number in [0, 1), got 1",
    ),
    "negative beta": (
        OneMinusLogUniform,
        (-0.1, 0.9),
        ValueError,
        "OneMinusLogUniform.low: expected a number in [0, 1), got -0.1",
    ),
    "half units": (IntUniform, (1.5, 3), TypeError, "IntUniform.low: expected an integer, got 1.5"),
    "huge units": (IntUniform, (1, 2**60), ValueError, "IntUniform.high: expected less than 2^53"),
    "log of int 0": (IntUniform, (0, 3, True), ValueError, "IntUniform.low: expected at least 1, got 0"),
    "log no flag": (
        IntUniform,
        (1, 3, "yes"),
        TypeError,
        "IntUniform.log: expected True or False, got 'yes'",
    ),
    "no options": (Choice, ([],), ValueError, "Choice.options: expected at least one value, got none"),
    "text": (Choice, ("relu",), TypeError, "Choice.options: expected a list of values, got 'relu'"),
    "one option": (Choice, (3,), TypeError, "Choice.options: expected a list of values, got 3"),
    "no element": (
        TupleOf,
        (64, 2),
        TypeError,
        "TupleOf.element: expected a distribution of fanin.search, got 64",
    ),
    "no length": (
        TupleOf,
        (IntUniform(1, 2), 1.5),
        TypeError,
        "TupleOf.length: expected IntUniform or an integer, got 1.5",
    ),
    "length 0": (TupleOf, (IntUniform(1, 2), 0), ValueError, "TupleOf.length: expected at least 1, got 0"),
    "from length 0": (
        TupleOf,
        (IntUniform(1, 2), IntUniform(0, 3)),
        ValueError,
        "TupleOf.length.low: expected at least 1, got 0",
    ),
}


@pytest.mark.parametrize(("kind", "arguments", "error", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_of_distributions_get_a_clear_message(kind, arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        kind(*arguments)


def test_a_bad_size_or_random_state_gets_a_clear_message():
    with pytest.raises(ValueError, match=r"size: expected at least 0, got -1"):
        Uniform(0, 1).rvs(-1)
    with pytest.raises(TypeError, match=r"size: expected an integer, got \(2, 3\)"):
        Uniform(0, 1).rvs((2, 3))
    message = r"random_state: expected None, an integer, or NumPy's RandomState or Generator, got 'seed'"
    with pytest.raises(TypeError, match=message):
        Uniform(0, 1).rvs(random_state="seed")
    with pytest.raises(ValueError, match=r"random_state: expected at least 0, got -3"):
        Uniform(0, 1).rvs(random_state=-3)
