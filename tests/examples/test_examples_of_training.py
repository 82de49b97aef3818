"""What the examples of inputs, weights, rates, rules and searches show is what the textbook says."""

from __future__ import annotations

import numpy as np
import pytest

from small_examples import load, small


def test_standardizing_turns_two_ellipses_into_circles_whose_centre_is_one_step_away():
    result = small("bowls")
    shifted, scaled = ([one for key, one in result.items() if key[0] == case] for case in load("bowls").CASES)
    assert shifted[0]["condition"] == pytest.approx(40_006, rel=1e-4)
    assert scaled[0]["condition"] == pytest.approx(99, rel=1e-2)
    assert shifted[0]["steps"] > 5000
    assert scaled[0]["steps"] > 10
    for raw, standardized in (shifted, scaled):
        assert raw["condition"] > standardized["condition"] == pytest.approx(1)
        assert standardized["steps"] == 1


def test_standardized_inputs_need_fewer_steps_than_raw_ones_and_whitened_ones_the_fewest():
    neuron, net = small("inputs").values()
    assert neuron["whitened"] == 1
    assert neuron["raw"] > 100 * neuron["standardized"] > 10_000 * neuron["whitened"]
    assert net["raw"] > 2 * net["standardized"] > 2 * net["whitened"]


def test_smaller_batches_learn_more_from_a_pass():
    one, some, many = small("batches").values()
    assert one["loss"][3] < some["loss"][3] < many["loss"][3]
    assert one["loss"][-1] < some["loss"][-1] < many["loss"][-1]


def test_averaged_weights_are_better_than_those_of_the_last_step():
    last, averaged, _ = small("averages").values()
    assert max(averaged[3:]) < min(last[3:])


def test_a_net_that_starts_at_the_base_rate_is_past_the_plateau_when_one_of_zero_biases_reaches_it():
    result = small("base_rate")
    for task in load("base_rate").TASKS:
        zero, base = (result[task, start] for start in load("base_rate").STARTS)
        assert base["loss"][0] < 1.2 * base["plateau"] < zero["loss"][0] / 5
        assert base["steps"] < 5 < 30 < zero["steps"]
        assert base["loss"][-1] < zero["loss"][-1]


def test_scipy_minimizes_a_loss_by_gradients_and_by_products_of_its_hessian():
    result = small("scipy_minimize")
    for name, one in result.items():
        (first, start), (work, loss) = one["curve"][0], one["curve"][-1]
        assert first == 1
        assert one["loss"] == loss < start / 20
        # a product of the Hessian counts as two gradients
        assert work == len(one["curve"]) if name == "L-BFGS-B" else work > 2 * len(one["curve"])
        assert one["net"].evaluate(*load("scipy_minimize").wave(60))["loss"] < loss
    assert result["trust-ncg"]["loss"] < result["L-BFGS-B"]["loss"]


def test_the_doctor_proves_remedies_of_saturated_units_and_of_vanishing_gradients():
    saturated, vanishing = small("doctor").values()
    assert saturated["finding"].proved
    assert vanishing["finding"].proved
    assert vanishing["before"][0] < 1e-5 * vanishing["before"][-1]
    assert vanishing["after"][0] > 1e-2 * vanishing["after"][-1]


def test_a_search_from_coarse_to_fine_halves_ranges_and_says_so():
    fine, coarse = small("coarse_to_fine").values()
    for found, other in zip(fine, coarse, strict=True):
        assert len(found.trials) == len(other.trials) == 27
        assert sum(": rate: next from " in sentence for sentence in found.log) == 2
        rates = [np.ptp(np.log([t.params["rate"] for t in found.trials if t.round == r])) for r in (1, 2, 3)]
        assert rates[0] > 1.5 * rates[1]
        assert len({trial.round for trial in other.trials}) == 1


def test_25_random_trials_try_25_rates_and_find_better_ones_than_a_grid_of_25():
    grid, random = (small("random_search")[name] for name in ("grid", "random"))
    assert (len(grid["rate"]), grid["rates"]) == (25, 5)
    assert (len(random["rate"]), random["rates"]) == (25, 25)
    assert np.median(random["best"]) < grid["best"][0]


def test_momentum_gets_further_than_gradient_descent_and_only_classical_momentum_allows_a_larger_rate():
    plain, classical, nesterov = small("momentum").values()
    for one in (classical, nesterov):
        assert one["errors"][-1] < plain["errors"][-1] / 1000
    assert plain["crossings"] <= 1 < nesterov["crossings"] < classical["crossings"]
    assert classical["errors at the larger rate"][-1] < 1e-3 * plain["errors"][0]
    assert min(one["errors at the larger rate"][-1] for one in (plain, nesterov)) > 1e6


def test_rules_that_divide_by_the_size_of_gradients_step_alike_along_both_weights():
    result = small("six_rules")
    for name, one in result.items():
        first, second = one["first step"]
        assert second == pytest.approx(first if name in {"RMSprop", "Adam", "Rprop"} else 5 * first)
        assert one["errors"][-1] < one["errors"][0] / 100
    assert result["Rprop"]["errors"][-1] < 1e-6 * min(
        of["errors"][-1] for name, of in result.items() if name != "Rprop"
    )


def test_gains_are_a_great_help_along_the_axes_and_a_small_one_on_a_rotated_bowl():
    result = small("gains")
    along, rotated = (
        [result[case, rule]["errors"][-1] for rule in load("gains").RULES] for case in load("gains").ANGLES
    )
    assert along[0] == pytest.approx(rotated[0])
    assert along[1] < 1e-9 * along[0]
    assert rotated[1] > 0.01 * rotated[0]


def test_signs_drift_where_the_mean_gradient_is_zero_and_cross_a_plateau_at_full_speed():
    sgd, signs, short, long = small("signs").values()
    assert sgd["drift"] == pytest.approx(0, abs=1e-9)
    assert signs["drift"] == pytest.approx(-8)
    assert -1 < short["drift"] < -0.5 < -0.2 < long["drift"] < 0
    assert signs["plateau"][-1] == pytest.approx(300)
    assert max(one["plateau"][-1] - one["plateau"][100] for one in (sgd, short, long)) < 100


def test_only_weights_of_the_right_deviation_keep_signals_and_gradients_through_twenty_layers():
    rand, lecun, he, lsuv = small("depth").values()
    for kind in ("signal", "gradient"):
        end = -1 if kind == "signal" else 0
        assert rand[kind][end] > 1e10
        assert lecun[kind][end] < 0.01
        assert 0.1 < he[kind][end] < 10
        assert 0.1 < lsuv[kind][end] < 10


def test_a_rate_that_falls_removes_the_noise_unless_it_falls_too_soon():
    result = small("learning_rate")
    small_rate, one, larger, too_large = (values[-1] for values in result["bowl"].values())
    assert larger < one < small_rate < result["bowl"]["1 / λ"][0] < too_large
    large, tenth, soon, falling, reduced = (values[-1] for values in result["noisy"].values())
    assert max(falling, reduced) < tenth / 10 < tenth < large / 5
    assert soon > 10 * max(falling, reduced)


def test_a_race_chooses_one_of_the_best_rates_of_a_whole_fit():
    result = small("rate_race")
    curve, fits = result["curve"], result["fits"]
    scores = [leg.score for leg in curve.legs]
    assert curve.rate == curve.legs[int(np.argmin(scores))].rate
    assert sorted(fits).index(curve.rate) in (1, 2, 3)
    assert fits[curve.rate] < 1.5 * min(fits.values()) < 0.75 * fits[min(fits)]


def test_a_log_scale_spreads_draws_evenly_over_decades():
    result = small("scales")
    for name, decades in (("rates", (1e-3, 1e-2, 1e-1)), ("reach", (100, 1000))):
        for i, decade in enumerate(decades, 1):
            assert (result[name] < decade).mean() == pytest.approx(i / (len(decades) + 1), abs=0.04)
    assert (result["rates, uniform"] > 0.1).mean() > 0.85
    assert (result["reach, uniform"] < 100).mean() > 0.85
    assert (result["units"].min(), result["units"].max()) == (50, 100)


def test_batch_norm_lets_twenty_layers_learn_regularizes_by_small_batches_and_corrects_averages():
    result = small("batch_norm")
    without, with_norm = result["deep"].values()
    assert min(without) > 0.65 > 2 * min(with_norm)
    small_batches, large = result["gaps"].values()
    assert small_batches < large
    plain, corrected = result["averages"].values()
    assert plain[4] < 0.5 < 0.8 < corrected[4] < 1.2
    assert plain[-1] == pytest.approx(corrected[-1], abs=0.01)
