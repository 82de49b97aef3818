"""The examples of docs/examples run, and have titles and pictures; those of nets and tasks show what they claim."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib import pyplot

from helpers import ROOT
from small_examples import EXAMPLES, NAMES, load, small


def test_the_changed_import_gives_scikit_learn_s_model():
    result = small("migration")
    theirs, ours = (result[name]["model"] for name in load("migration").LIBRARIES)
    assert result["difference"] < 1e-6
    assert ours.n_iter_ == theirs.n_iter_ > 20
    assert len(result["early"].validation_scores_) == result["early"].n_iter_


def test_trees_beat_the_default_mlp_of_scikit_learn_on_tables_in_less_time():
    points = load("pareto").points(small("pareto"))
    assert points["LightGBM"][1] == pytest.approx(100)
    assert all(trees < mlp for trees, mlp in zip(points["LightGBM"], points["scikit-learn MLP"], strict=True))
    assert points["scikit-learn MLP"] not in load("pareto").front(points)


def test_stored_steps_and_predictions_are_those_of_the_same_cases_for_all_libraries():
    for cases in small("peers").values():
        assert len(cases) >= 2
        assert all(min(times, key=times.get) == "fanin" for times in cases.values())


def test_a_deep_autoencoder_beats_pca_from_a_random_start():
    pca, watches = small("deep_autoencoder")
    assert len({of.errors[0] for of in watches.values()}) == 1
    assert all(of.errors[-1] < of.errors[0] for of in watches.values())
    assert watches["Hessian-free"].errors[-1] < pca / 3
    assert watches["L-BFGS"].errors[-1] < pca


def test_an_autoencoder_draws_better_than_pca_and_tells_some_digits_from_others():
    result = small("autoencoder")
    pca, autoencoder = (result[name] for name in ("PCA", "autoencoder"))
    for error, other in zip(autoencoder["errors"], pca["errors"], strict=True):
        assert error < 0.95 * other
    assert autoencoder["area"] > max(0.85, pca["area"])


def test_hashed_words_tell_the_topics_of_texts_and_a_hidden_layer_is_better_than_none():
    linear, net = small("newsgroups").values()
    assert 0.2 < linear["accuracy"] < net["accuracy"]
    words = [word for of in net["words"].values() for word in of]
    assert len(set(words)) == len(words) == 18


def test_made_texts_are_the_same_from_the_same_seed_and_as_long_as_they_say():
    made, again = (load("made_text").texts(400, 100) for _ in range(2))
    assert (len(made.train), len(made.test)) == (400, 100)
    assert made.train == again.train
    assert (made.test_labels == again.test_labels).all()
    assert 140 < np.median([len(text.split()) for text in made.train]) < 220
    assert len(set(made.words)) == 40_000
    assert set(made.train_labels) == set(range(20))
    assert load("made_text").texts(400, 100, seed=1).train != made.train


def test_a_recurrent_net_forecasts_two_seasons_better_than_the_value_a_week_before():
    result = small("seasonal_forecast")
    naive, net = result["rmse"].values()
    assert (net < 0.9 * naive).all()
    assert (net > 0.9 * result["limit"]).all()
    assert result["mase"]["GRU"] < 0.8 < result["mase"]["seasonal naive"] < 1.2


def test_a_recurrent_net_knows_words_from_their_letters_backwards_by_their_order():
    result = small("words_by_language")
    assert result["accuracy"]["letter counts"] < 0.6
    assert result["accuracy"]["GRU"] > 0.95
    assert result["opinions"].shape == (6, 2)
    assert result["opinions"][-1].argmax() == 0  # "badehi" ends in a vowel


def test_words_are_read_in_utf_8_or_latin_1_and_those_of_two_languages_are_left_out(monkeypatch, tmp_path):
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


def test_gradients_reach_further_back_with_gates_after_training():
    result = small("gradient_by_lag")
    plain, lstm = result["tanh"], result["LSTM"]
    assert plain["gradients"]["at the start"][-1] < 0.05 * plain["gradients"]["at the start"][0]
    assert lstm["error"] < 0.02 < 1 / 6
    first = {name: of["gradients"]["after training"][-1] for name, of in result.items()}
    assert first["LSTM"] > 2 * lstm["gradients"]["at the start"][-1]
    assert first["GRU"] > 0.05


def test_units_ignore_corners_that_are_always_white_and_most_digits_are_recognized():
    result = small("filters")
    assert (result["digits"] == result["found"]).mean() > 0.85
    assert result["weights"].shape == (64, 16)
    assert abs(result["weights"][0]).max() < 0.2 * abs(result["weights"]).max()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_its_table_and_draws_its_picture(name, monkeypatch, capsys):
    module, shown = load(name), []
    monkeypatch.setattr(pyplot, "show", lambda: shown.extend(pyplot.get_fignums()))
    try:
        load("common").main(lambda: small(name), module.show, module.draw)
    finally:
        pyplot.close("all")
    assert len(capsys.readouterr().out.splitlines()) > 2
    assert len(shown) == (2 if name == "filters" else 1)


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
    assert pictures | set(re.findall(r"gallery/(\w+)\.rst", text)) <= {*NAMES, "index"}
