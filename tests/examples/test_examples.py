"""The examples of docs/examples, which the gallery shows, run and show what the textbook says."""

from __future__ import annotations

import importlib
import re

import numpy as np
import pytest
from matplotlib import pyplot

from helpers import ROOT

EXAMPLES = ROOT / "docs" / "examples"
SHARED = ("common", "made_text", "word_lists")
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in SHARED)
RNG = np.random.default_rng(0)
SATURATED = 1 / (1 + np.exp(-4 * RNG.normal(size=(150, 2)) @ RNG.normal(size=(2, 30))))
SMALL = {
    "autoencoder": {"epochs": 30, "hidden": (64,), "sizes": (2, 4, 8)},
    "averages": {"epochs": 8},
    "base_rate": {"rows": 1000, "steps": 150},
    "batch_norm": {"sizes": (4, 128), "steps": 500, "seeds": 2},
    "batches": {"rows": 4096, "sizes": (1, 32, 512), "passes": 5},
    "bowls": {"goal": 0.3},
    "coarse_to_fine": {"rows": 300, "epochs": 9, "trials": 9, "seeds": 2},
    "deep_autoencoder": {"X": SATURATED, "hidden": (20, 2), "epochs": 300},
    "depth": {"rows": 100},
    "doctor": {"rows": 1000, "epochs": 20},
    "filters": {"epochs": 15},
    "gains": {},
    "gradient_by_lag": {"length": 20, "units": 12, "rows": 3000, "epochs": 10},
    "inputs": {"most": 50_000},
    "learning_rate": {"rows": 2000},
    "migration": {"hidden_layer_sizes": (20,)},
    "momentum": {},
    "newsgroups": {"train": 6000, "test": 1000},
    "pareto": {},
    "rate_race": {"epochs": 15},
    "random_search": {"rows": 400, "epochs": 10, "seeds": 9},
    "scales": {"draws": 2000},
    "scipy_minimize": {"rows": 60, "iterations": 20},
    "seasonal_forecast": {"weeks": 25, "epochs": 60},
    "signs": {"cycles": 30},
    "six_rules": {},
    "words_by_language": {"shown": "badehi"},
}


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module


def small(module):
    options = dict(SMALL[module.__name__])
    if module.__name__ == "words_by_language":
        options["words"] = importlib.import_module("word_lists").made_words(150)
    return module.run(**options)


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
    assert result["opinions"].shape == (6, 2)
    assert result["opinions"][-1].argmax() == 0  # "badehi" ends in a vowel


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
    assert lists.some_words(2) == found
    (tmp_path / "swedish").unlink()
    assert list(lists.some_words(2)) == ["Forwards", "Backwards"]


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


def test_momentum_gets_further_than_gradient_descent_and_only_classical_momentum_allows_a_larger_rate(load):
    plain, classical, nesterov = small(load("momentum")).values()
    for one in (classical, nesterov):
        assert one["errors"][-1] < plain["errors"][-1] / 1000
    assert plain["crossings"] <= 1 < nesterov["crossings"] < classical["crossings"]
    assert classical["errors at the larger rate"][-1] < 1e-3 * plain["errors"][0]
    assert min(one["errors at the larger rate"][-1] for one in (plain, nesterov)) > 1e6


def test_rules_that_divide_by_the_size_of_gradients_step_alike_along_both_weights(load):
    result = small(load("six_rules"))
    for name, one in result.items():
        first, second = one["first step"]
        assert second == pytest.approx(first if name in {"RMSprop", "Adam", "Rprop"} else 5 * first)
        assert one["errors"][-1] < one["errors"][0] / 100
    assert result["Rprop"]["errors"][-1] < 1e-6 * min(
        of["errors"][-1] for name, of in result.items() if name != "Rprop"
    )


def test_gains_are_a_great_help_along_the_axes_and_a_small_one_on_a_rotated_bowl(load):
    result = small(load("gains"))
    along, rotated = (
        [result[case, rule]["errors"][-1] for rule in load("gains").RULES] for case in load("gains").ANGLES
    )
    assert along[0] == pytest.approx(rotated[0])
    assert along[1] < 1e-9 * along[0]
    assert rotated[1] > 0.01 * rotated[0]


def test_signs_drift_where_the_mean_gradient_is_zero_and_cross_a_plateau_at_full_speed(load):
    sgd, signs, short, long = small(load("signs")).values()
    assert sgd["drift"] == pytest.approx(0, abs=1e-9)
    assert signs["drift"] == pytest.approx(-8)
    assert -1 < short["drift"] < -0.5 < -0.2 < long["drift"] < 0
    assert signs["plateau"][-1] == pytest.approx(300)
    assert max(one["plateau"][-1] - one["plateau"][100] for one in (sgd, short, long)) < 100


def test_only_weights_of_the_right_deviation_keep_signals_and_gradients_through_twenty_layers(load):
    rand, lecun, he, lsuv = small(load("depth")).values()
    for kind in ("signal", "gradient"):
        end = -1 if kind == "signal" else 0
        assert rand[kind][end] > 1e10
        assert lecun[kind][end] < 0.01
        assert 0.1 < he[kind][end] < 10
        assert 0.1 < lsuv[kind][end] < 10


def test_a_rate_that_falls_removes_the_noise_unless_it_falls_too_soon(load):
    result = small(load("learning_rate"))
    small_rate, one, larger, too_large = (values[-1] for values in result["bowl"].values())
    assert larger < one < small_rate < result["bowl"]["1 / λ"][0] < too_large
    large, tenth, soon, falling, reduced = (values[-1] for values in result["noisy"].values())
    assert max(falling, reduced) < tenth / 10 < tenth < large / 5
    assert soon > 10 * max(falling, reduced)


def test_a_race_chooses_one_of_the_best_rates_of_a_whole_fit(load):
    result = small(load("rate_race"))
    curve, fits = result["curve"], result["fits"]
    scores = [leg.score for leg in curve.legs]
    assert curve.rate == curve.legs[int(np.argmin(scores))].rate
    assert sorted(fits).index(curve.rate) in (1, 2, 3)
    assert fits[curve.rate] < 1.5 * min(fits.values()) < 0.75 * fits[min(fits)]


def test_a_log_scale_spreads_draws_evenly_over_decades(load):
    result = small(load("scales"))
    for name, decades in (("rates", (1e-3, 1e-2, 1e-1)), ("reach", (100, 1000))):
        for i, decade in enumerate(decades, 1):
            assert (result[name] < decade).mean() == pytest.approx(i / (len(decades) + 1), abs=0.04)
    assert (result["rates, uniform"] > 0.1).mean() > 0.85
    assert (result["reach, uniform"] < 100).mean() > 0.85
    assert (result["units"].min(), result["units"].max()) == (50, 100)


def test_batch_norm_lets_twenty_layers_learn_regularizes_by_small_batches_and_corrects_averages(load):
    result = small(load("batch_norm"))
    without, with_norm = result["deep"].values()
    assert min(without) > 0.65 > 2 * min(with_norm)
    small_batches, large = result["gaps"].values()
    assert small_batches < large
    plain, corrected = result["averages"].values()
    assert plain[4] < 0.5 < 0.8 < corrected[4] < 1.2
    assert plain[-1] == pytest.approx(corrected[-1], abs=0.01)


def test_units_ignore_corners_that_are_always_white_and_most_digits_are_recognized(load):
    result = small(load("filters"))
    assert result["accuracy"] > 0.85
    assert abs(result["filters"][:, 0, 0]).max() < 0.2 * abs(result["filters"]).max()
    assert result["confusion"].sum() == 597
    assert np.trace(result["confusion"]) == round(597 * result["accuracy"])


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_its_table_and_draws_its_picture(load, name, monkeypatch, capsys):
    module, shown = load(name), []
    monkeypatch.setattr(pyplot, "show", lambda: shown.extend(pyplot.get_fignums()))
    try:
        load("common").main(lambda: small(module), module.show, module.draw)
    finally:
        pyplot.close("all")
    assert len(capsys.readouterr().out.splitlines()) > 2
    assert len(shown) == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_a_title_and_says_what_it_shows(name):
    lines = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert lines[2] == "=" * len(lines[1])
    assert lines[3:].count("# %%") == 2
    assert lines[-1].startswith("# ")
    assert lines[-1].endswith(".")
    assert len(lines) <= 100


def test_the_gallery_has_an_order_of_all_examples_and_pages_have_pictures_of_examples_alone():
    docs = ROOT / "docs"
    order = re.search(r'THEMES = """(.*?)"""', (docs / "conf.py").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert sorted(order.split()) == NAMES
    text = "".join(page.read_text(encoding="utf-8") for page in docs.rglob("*.md"))
    pictures = set(re.findall(r"gallery/images/sphx_glr_(\w+)_001\.png", text))
    assert len(pictures) > 20
    assert pictures | set(re.findall(r"gallery/(\w+)\.rst", text)) <= set(NAMES)
