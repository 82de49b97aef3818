"""Tiers open the parameters of a space in Ng's order, or in the order given."""

from __future__ import annotations

import re

import pytest

from fanin.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, TupleOf, Uniform
from fanin.search.narrowing import narrowed
from fanin.search.space import Space
from fanin.search.tiers import checked_tiers, ng_rank, ng_tiers, space_of_round
from made_up_trials import trials_of

RATE, BETA = LogUniform(1e-4, 1e-1), OneMinusLogUniform(0.8, 0.999)
SPACE = Space(
    {
        "beta_2": BETA,
        "alpha": LogUniform(1e-6, 1e-2),
        "hidden_layer_sizes": TupleOf(IntUniform(16, 128), IntUniform(1, 3)),
        "learning_rate": ["constant", "adaptive"],
        "learning_rate_init": RATE,
        "momentum": BETA,
        "activation": ["relu"],
    }
)
NG = (
    ("learning_rate_init",),
    ("hidden_layer_sizes", "momentum"),
    ("alpha", "learning_rate", "activation"),
    ("beta_2",),
)


def test_the_rate_comes_first_then_momentum_and_units_then_layers_and_decay_and_adams_betas_last():
    assert ng_tiers(SPACE) == NG


@pytest.mark.parametrize(
    ("rank", "names"),
    [
        (0, "rate learning_rate lr eta0 step_size LR mlpclassifier__learning_rate_init optimizer__lr lr_0"),
        (
            1,
            "momentum units n_units units_1 n_units_l0 hidden_units width batch_size mlpregressor__batch_size",
        ),
        (1, "hidden_layer_sizes pipe__mlp__hidden_layer_sizes n_neurons hidden beta"),
        (
            2,
            "layers n_layers depth decay weight_decay l2 alpha power_t dropout dropout_1 activation solver seed",
        ),
        (3, "beta1 beta2 beta_1 beta_2 betas epsilon eps mlpclassifier__beta_1 mlpclassifier__epsilon"),
    ],
)
def test_names_in_use_have_their_tier_in_the_ranking(rank, names):
    assert {name: ng_rank(name) for name in names.split()} == dict.fromkeys(names.split(), rank)


def test_a_rate_with_names_to_choose_from_is_a_schedule_and_tuples_of_layers_are_units():
    assert ng_rank("learning_rate", Choice(["constant", "adaptive"])) == 2
    assert ng_rank("learning_rate", Choice([0.1, 0.01])) == 0
    assert ng_rank("layers", TupleOf(IntUniform(8, 64), 2)) == 1
    assert ng_rank("layers", IntUniform(1, 3)) == 2


def test_empty_tiers_are_left_out_and_constants_are_in_the_first():
    tiers = checked_tiers(Space({"beta1": BETA, "rate": [0.1], "momentum": BETA}), "ng")
    assert tiers.names == (("momentum", "rate"), ("beta1",))
    assert tiers.ranks == (1, 3)
    assert checked_tiers(SPACE, "ng").names[0] == ("learning_rate_init", "activation")


def test_without_tiers_the_first_round_draws_everything():
    tiers = checked_tiers(SPACE, None)
    space, log = space_of_round(SPACE, tiers, 0)
    assert (dict(space), log) == (dict(SPACE), [])


def rounds(tiers, number):
    """The spaces and the sentences of some rounds."""
    current, trials, spaces, logs = None, [], [], []
    for i in range(number):
        current, log = space_of_round(SPACE, checked_tiers(SPACE, tiers), i, current, trials)
        points = current.draw(10, random_state=i)
        trials += trials_of(points, lambda p: -p["learning_rate_init"], round=i, first=len(trials))
        spaces.append(current)
        logs.append(log)
    return spaces, logs


def test_each_round_opens_a_tier_with_its_whole_range_and_narrows_those_before():
    spaces, logs = rounds("ng", 5)
    opened = [set(space) for space in spaces]
    assert opened[0] == {"learning_rate_init", "activation"}
    assert opened[1] == opened[0] | {"hidden_layer_sizes", "momentum"}
    assert opened[2] == opened[1] | {"alpha", "learning_rate"}
    assert opened[3] == opened[4] == set(SPACE)
    assert spaces[1]["momentum"] == BETA
    assert BETA.low < spaces[2]["momentum"].low or spaces[2]["momentum"].high < BETA.high
    assert spaces[1]["learning_rate_init"].high < 1e-2
    assert logs[0] == ["opens learning_rate_init: the first tier of Ng's ranking"]
    assert logs[1][0].startswith("learning_rate_init: next from 0.00014 to 0.0045 (before: 0.0001 to 0.1)")
    assert logs[1][1] == "opens hidden_layer_sizes, momentum: the second tier of Ng's ranking"
    assert logs[3][-1] == "opens beta_2: the fourth tier of Ng's ranking"
    assert not any(line.startswith("opens") for line in logs[4])


def test_tiers_may_be_given_in_any_order():
    order = [["momentum", "beta_2"], [name for name in SPACE if name not in {"momentum", "beta_2"}]]
    space, log = space_of_round(SPACE, checked_tiers(SPACE, order), 0)
    assert set(space) == {"momentum", "beta_2", "activation"}
    assert log == ["opens momentum, beta_2: the first tier of the order given"]
    many = Space({name: Uniform(0, 1) for name in "abcdef"})
    tiers = checked_tiers(many, [[name] for name in "abcdef"])
    assert space_of_round(many, tiers, 4)[1] == ["opens e: tier 5 of the order given"]


def test_a_round_without_a_new_tier_is_narrowed_as_without_tiers():
    first = Space({"rate": RATE, "momentum": BETA})
    trials = trials_of(first.draw(9, random_state=0), lambda p: -p["rate"])
    expected = narrowed(first, first, trials)
    assert space_of_round(first, checked_tiers(first, None), 1, first, trials) == expected


BAD = {
    "a number": (3, TypeError, 'tiers: expected None, "ng" or lists of names, got 3'),
    "another name": ("hinton", ValueError, "tiers: expected None, \"ng\" or lists of names, got 'hinton'"),
    "no lists": (["a", "b"], TypeError, "tiers[0]: expected a list of names, got 'a'"),
    "empty": ([["a", "b"], []], ValueError, "tiers[1]: expected at least one name, got none"),
    "unknown": ([["a"], ["c"]], ValueError, "tiers: expected names of the space (a, b), got 'c'"),
    "twice": ([["a"], ["b", "a"]], ValueError, "tiers: expected each name once, got 'a' twice"),
    "missing": ([["a"]], ValueError, "tiers: expected every name of the space, got none of b"),
    "none": ([], ValueError, "tiers: expected every name of the space, got none of a, b"),
}


@pytest.mark.parametrize(("tiers", "error", "message"), BAD.values(), ids=BAD)
def test_tiers_that_do_not_cover_the_space_once_get_a_clear_message(tiers, error, message):
    with pytest.raises(error, match=re.escape(message)):
        checked_tiers(Space({"a": RATE, "b": BETA}), tiers)
