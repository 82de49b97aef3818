"""The options of every kind of fit are one frozen value."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

import fanin
from fanin import optim
from fanin.training.settings import Settings


def keywords_of(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def defaults():
    missing = dataclasses.MISSING
    return {
        field.name: field.default for field in dataclasses.fields(Settings) if field.default is not missing
    }


def test_fit_has_the_names_and_defaults_of_the_settings_and_prove_which_acts_after_it():
    assert keywords_of(fanin.Network.fit) == defaults() | {"prove": False}


def test_fit_chunks_has_them_too_except_for_one_epoch_and_options_for_x():
    expected = {**defaults(), "epochs": 1}
    del expected["sample_weight"], expected["validation_fraction"], expected["validation_split"]
    assert keywords_of(fanin.Network.fit_chunks) == expected


def test_settings_are_frozen_and_checked_on_construction():
    settings = Settings(optim.Adam(), callbacks=iter([print]))
    assert settings.callbacks == (print,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.epochs = 5
    with pytest.raises(ValueError, match="epochs: expected at least 0, got -1"):
        Settings(optim.Adam(), epochs=-1)
