"""The examples of docs/examples run, and show what the textbook says; docs/figures.md has their pictures."""

from __future__ import annotations

import importlib
import re
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from helpers import ROOT

EXAMPLES = ROOT / "docs" / "examples"
SHARED = ("common", "made_text", "word_lists")
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in SHARED)
RNG = np.random.default_rng(0)
SATURATED = 1 / (1 + np.exp(-4 * RNG.normal(size=(150, 2)) @ RNG.normal(size=(2, 30))))
PIXELS, DIGITS = load_digits(return_X_y=True)
IMAGES = [(PIXELS[part] / 16, DIGITS[part]) for part in (slice(1200), slice(1200, None))]
FORWARDS = ["".join(RNG.choice(list(of)) for of in ("bcd", "aei") * 3) for _ in range(150)]
SMALL = {
    "autoencoder": {"epochs": 30, "sets": IMAGES, "hidden": (64,), "sizes": (2, 4, 8)},
    "averages": {"epochs": 8},
    "base_rate": {"rows": 1000, "steps": 150},
    "batches": {"rows": 4096, "sizes": (1, 32, 512), "passes": 5},
    "bowls": {"goal": 0.3},
    "coarse_to_fine": {"rows": 300, "epochs": 9, "trials": 9, "seeds": 2},
    "deep_autoencoder": {"X": SATURATED, "hidden": (20, 2), "epochs": 300},
    "doctor": {"rows": 1000, "epochs": 20},
    "gradient_by_lag": {"length": 20, "units": 12, "rows": 3000, "epochs": 10},
    "inputs": {"most": 50_000},
    "migration": {"hidden_layer_sizes": (20,)},
    "newsgroups": {"train": 6000, "test": 1000},
    "pareto": {},
    "random_search": {"rows": 400, "epochs": 10, "seeds": 9},
    "scipy_minimize": {"rows": 60, "iterations": 20},
    "seasonal_forecast": {"weeks": 25, "epochs": 60},
    # the same letters, in another order
    "words_by_language": {
        "words": {"Forwards": FORWARDS, "Backwards": [word[::-1] for word in FORWARDS]},
        "epochs": 8,
        "shown": "bade",
    },
}


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module


def small(module):
    return module.run(**SMALL[module.__name__])


def test_standardizing_turns_two_ellipses_into_circles_whose_centre_is_one_step_away(load):
    result = small(load("bowls"))
    shifted, scaled = ([one for key, one in result.items() if key[0] == case] for case in load("bowls").CASES)
    assert shifted[0]["condition"] == pytest.approx(40_006, rel=1e-4)
    assert scaled[0]["condition"] == pytest.approx(99, rel=1e-2)
    assert shifted[0]["steps"] > 5000
    assert scaled[0]["steps"] > 10
    for raw, standardized in (shifted, scaled):
        assert raw["condition"] > standardized["condition"] == pytest.approx(1)
        assert standardized["steps"] == 1


def test_standardized_inputs_need_fewer_steps_than_raw_ones_and_whitened_ones_the_fewest(load):
    neuron, net = small(load("inputs")).values()
    assert neuron["whitened"] == 1
    assert neuron["raw"] > 100 * neuron["standardized"] > 10_000 * neuron["whitened"]
    assert net["raw"] > 2 * net["standardized"] > 2 * net["whitened"]


def test_smaller_batches_learn_more_from_a_pass(load):
    one, some, many = small(load("batches")).values()
    assert one["loss"][3] < some["loss"][3] < many["loss"][3]
    assert one["loss"][-1] < some["loss"][-1] < many["loss"][-1]


def test_averaged_weights_are_better_than_those_of_the_last_step(load):
    last, averaged, _ = small(load("averages")).values()
    assert max(averaged[3:]) < min(last[3:])


def test_a_net_that_starts_at_the_base_rate_is_past_the_plateau_when_one_of_zero_biases_reaches_it(load):
    result = small(load("base_rate"))
    for task in load("base_rate").TASKS:
        zero, base = (result[task, start] for start in load("base_rate").STARTS)
        assert base["loss"][0] < 1.2 * base["plateau"] < zero["loss"][0] / 5
        assert base["steps"] < 5 < 30 < zero["steps"]
        assert base["loss"][-1] < zero["loss"][-1]


def test_the_changed_import_gives_scikit_learn_s_model(load):
    result = small(load("migration"))
    theirs, ours = (result[name]["model"] for name in load("migration").LIBRARIES)
    assert result["difference"] < 1e-6
    assert ours.n_iter_ == theirs.n_iter_ > 20
    assert len(result["early"].validation_scores_) == result["early"].n_iter_


def test_trees_beat_the_default_mlp_of_scikit_learn_on_tables_in_less_time(load):
    points = load("pareto").points(small(load("pareto")))
    assert points["LightGBM"][1] == pytest.approx(100)
    assert all(trees < mlp for trees, mlp in zip(points["LightGBM"], points["scikit-learn MLP"], strict=True))
    assert points["scikit-learn MLP"] not in load("pareto").front(points)


def test_scipy_minimizes_a_loss_by_gradients_and_by_products_of_its_hessian(load):
    result = small(load("scipy_minimize"))
    for name, one in result.items():
        (first, start), (work, loss) = one["curve"][0], one["curve"][-1]
        assert first == 1
        assert one["loss"] == loss < start / 20
        # a product of the Hessian counts as two gradients
        assert work == len(one["curve"]) if name == "L-BFGS-B" else work > 2 * len(one["curve"])
        assert one["net"].evaluate(*load("scipy_minimize").wave(60))["loss"] < loss
    assert result["trust-ncg"]["loss"] < result["L-BFGS-B"]["loss"]


def test_a_deep_autoencoder_beats_pca_from_a_random_start(load):
    pca, watches = small(load("deep_autoencoder"))
    assert len({of.errors[0] for of in watches.values()}) == 1
    assert all(of.errors[-1] < of.errors[0] for of in watches.values())
    assert watches["Hessian-free"].errors[-1] < pca / 3
    assert watches["L-BFGS"].errors[-1] < pca


def test_an_autoencoder_draws_better_than_pca_and_tells_some_digits_from_others(load):
    result = small(load("autoencoder"))
    pca, autoencoder = (result[name] for name in ("PCA", "autoencoder"))
    for error, other in zip(autoencoder["errors"], pca["errors"], strict=True):
        assert error < 0.95 * other
    assert autoencoder["area"] > max(0.85, pca["area"])


def test_the_doctor_proves_remedies_of_saturated_units_and_of_vanishing_gradients(load):
    saturated, vanishing = small(load("doctor")).values()
    assert saturated["finding"].proved
    assert vanishing["finding"].proved
    assert vanishing["before"][0] < 1e-5 * vanishing["before"][-1]
    assert vanishing["after"][0] > 1e-2 * vanishing["after"][-1]


def test_hashed_words_tell_the_topics_of_texts_and_a_hidden_layer_is_better_than_none(load):
    linear, net = small(load("newsgroups")).values()
    assert 0.2 < linear["accuracy"] < net["accuracy"]
    words = [word for of in net["words"].values() for word in of]
    assert len(set(words)) == len(words) == 18


def test_made_texts_are_the_same_from_the_same_seed_and_as_long_as_they_say(load):
    made, again = (load("made_text").texts(400, 100) for _ in range(2))
    assert (len(made.train), len(made.test)) == (400, 100)
    assert made.train == again.train
    assert (made.test_labels == again.test_labels).all()
    assert 140 < np.median([len(text.split()) for text in made.train]) < 220
    assert len(set(made.words)) == 40_000
    assert set(made.train_labels) == set(range(20))
    assert load("made_text").texts(400, 100, seed=1).train != made.train


def test_a_recurrent_net_forecasts_two_seasons_better_than_the_value_a_week_before(load):
    result = small(load("seasonal_forecast"))
    naive, net = result["rmse"].values()
    assert (net < 0.9 * naive).all()
    assert (net > 0.9 * result["limit"]).all()
    assert result["mase"]["GRU"] < 0.8 < result["mase"]["seasonal naive"] < 1.2


def test_a_recurrent_net_knows_words_from_their_letters_backwards_by_their_order(load):
    result = small(load("words_by_language"))
    assert result["accuracy"]["letter counts"] < 0.6
    assert result["accuracy"]["GRU"] > 0.95
    assert result["opinions"].shape == (4, 2)
    assert result["opinions"][-1].argmax() == 0  # "bade" ends in a vowel


def test_words_are_read_in_utf_8_or_latin_1_and_those_of_two_languages_are_left_out(
    load, monkeypatch, tmp_path
):
    lists = load("word_lists")
    for language, name in lists.FILES.items():
        words = f"{language}\nhotel\nÄpfel{language}\n{language}'s\nabc\n"
        (tmp_path / name).write_text(words, encoding="latin-1" if language == "Swedish" else "utf-8")
    monkeypatch.setattr(lists, "FOLDER", tmp_path)
    found = lists.debian_words(2)
    assert found.keys() == lists.FILES.keys()
    assert sorted(found["Swedish"]) == ["swedish", "äpfelswedish"]


def test_gradients_reach_further_back_with_gates_after_training(load):
    result = small(load("gradient_by_lag"))
    plain, lstm = result["tanh"], result["LSTM"]
    assert plain["gradients"]["at the start"][-1] < 0.05 * plain["gradients"]["at the start"][0]
    assert lstm["error"] < 0.02 < 1 / 6
    first = {name: of["gradients"]["after training"][-1] for name, of in result.items()}
    assert first["LSTM"] > 2 * lstm["gradients"]["at the start"][-1]
    assert first["GRU"] > 0.05


def test_a_search_from_coarse_to_fine_halves_ranges_and_says_so(load):
    fine, coarse = small(load("coarse_to_fine")).values()
    for found, other in zip(fine, coarse, strict=True):
        assert len(found.trials) == len(other.trials) == 27
        assert sum(": rate: next from " in sentence for sentence in found.log) == 2
        rates = [np.ptp(np.log([t.params["rate"] for t in found.trials if t.round == r])) for r in (1, 2, 3)]
        assert rates[0] > 1.5 * rates[1]
        assert len({trial.round for trial in other.trials}) == 1


def test_25_random_trials_try_25_rates_and_find_better_ones_than_a_grid_of_25(load):
    grid, random = (small(load("random_search"))[name] for name in ("grid", "random"))
    assert (len(grid["rate"]), grid["rates"]) == (25, 5)
    assert (len(random["rate"]), random["rates"]) == (25, 25)
    assert np.median(random["best"]) < grid["best"][0]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_its_table_and_draws_its_picture(load, name, monkeypatch, capsys, tmp_path):
    module, path = load(name), tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", [f"{name}.py", str(path)])
    load("common").main(lambda: small(module), module.show, module.draw, module.__doc__)
    assert len(capsys.readouterr().out.splitlines()) > 2
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_pages_of_docs_have_each_example_and_its_picture():
    pages = [ROOT / "docs" / name for name in ("figures.md", "sklearn.md", "doctor.md")]
    page = "".join(path.read_text(encoding="utf-8") for path in pages)
    assert sorted(re.findall(r"\]\(examples/(\w+)\.py\)", page)) == NAMES
    assert sorted(re.findall(r"\]\(figures/(\w+)\.png\)", page)) == NAMES
    for name in NAMES:
        assert (ROOT / "docs" / "figures" / f"{name}.png").stat().st_size < 60_000
        assert len((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 100
