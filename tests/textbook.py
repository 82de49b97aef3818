"""The claims of the textbook notes (Hinton on optimization, Ng on tuning and batch norm), in short.

Each row: its numbers in the notes, the corrected claim, the tests that check it, and the capability that the
rest of the claim waits for. A row without tests waits as a whole.
"""

from __future__ import annotations

from textbook_row import Row
from textbook_rules import RULE_ROWS

ROWS = [
    Row((1,), "inputs are centred by their mean", waits_for="Standardize"),
    Row((2,), "inputs are divided by the deviation, not the variance", waits_for="Standardize"),
    Row((3,), "one mean and deviation, the training set's, for all data", waits_for="frozen input layers"),
    Row(
        (4,),
        "unequal scales make an elongated bowl; the rate must stay under 2 / lambda_max",
        (
            "test_shifted_or_unequally_scaled_inputs_make_an_elongated_bowl",
            "test_sgd_diverges_just_above_two_over_the_largest_curvature_and_not_below",
        ),
        "condition numbers printed by Standardize",
    ),
    Row(
        (5,),
        "weights above or below 1 explode or vanish with depth",
        (
            "test_one_and_a_half_times_identity_grows_as_a_power_of_depth",
            "test_half_the_identity_vanishes_as_a_power_of_depth",
            "test_a_gain_acts_on_the_signal_as_its_power_with_depth",
        ),
        "per-layer report",
    ),
    Row(
        (6,),
        "initial weights are symmetric about 0; rand explodes",
        (
            "test_initial_weights_have_mean_zero_and_the_published_deviation",
            "test_weights_from_rand_explode_through_twenty_relu_layers",
        ),
    ),
    Row(
        (7,),
        "ReLU needs sqrt(2/n); sqrt(1/n) shrinks the signal a thousandfold in 20 layers",
        (
            "test_he_weights_keep_the_signal_through_twenty_relu_layers",
            "test_lecun_weights_shrink_the_signal_a_thousandfold_through_twenty_relu_layers",
        ),
    ),
    Row(
        (8,),
        "the deviation of weights is proportional to n^-1/2",
        (
            "test_variance_of_z_does_not_depend_on_the_number_of_inputs",
            "test_sparse_weights_keep_the_variance_of_z_for_any_number_of_inputs",
        ),
    ),
    Row(
        (9,),
        "tanh: sqrt(1/n) or Glorot's sqrt(2/(n_in + n_out)); a default for each activation",
        (
            "test_tanh_keeps_its_signal_with_lecun_weights",
            "test_auto_is_the_initializer_for_the_activation",
            "test_initial_standard_deviations_are_the_published_ones",
        ),
    ),
    Row(
        (10,),
        "the squared error of a linear neuron is a quadratic bowl with H = X'X/m",
        (
            "test_sgd_follows_the_closed_form_of_the_quadratic_bowl",
            "test_loss_of_a_linear_neuron_is_the_quadratic_bowl",
        ),
    ),
    Row((11,), "deep nets are locally bowls", waits_for="diagnostics: fit along a step"),
    Row(
        (12,),
        "on an ellipse -g does not point at the minimum",
        ("test_negative_gradient_does_not_point_at_the_minimum_of_an_ellipse",),
        "diagnostics: angle to the Newton step",
    ),
    Row(
        (13,),
        "too big a rate oscillates, then diverges",
        (
            "test_too_big_a_rate_oscillates_along_the_steepest_axis",
            "test_sgd_diverges_just_above_two_over_the_largest_curvature_and_not_below",
        ),
    ),
    Row((14,), "move fast along small consistent gradients", waits_for="consistency report"),
    Row((15,), "half the data give nearly the same gradient", waits_for="diagnose.redundancy"),
    Row(
        (16, 17),
        "update after part of the data, or after each case",
        ("test_any_batch_size_trains_on_every_row_of_every_epoch",),
        "bench: loss per pass by batch size",
    ),
    Row(
        (18, 19),
        "mini-batches use matrix products and fewer updates",
        ("test_any_batch_size_trains_on_every_row_of_every_epoch",),
        "bench: time to a given loss by batch size",
    ),
    Row((20,), "mini-batches balanced for classes", waits_for="balanced sampler"),
    Row(
        (21, 22),
        "reduce the rate when the error worsens, raise it when it falls slowly",
        waits_for="automatic rate",
    ),
    Row(
        (23,),
        "a smaller rate at the end removes fluctuation",
        (
            "test_noise_floor_of_online_learning_is_proportional_to_the_rate",
            "test_a_schedule_is_its_equation_at_every_step",
        ),
        "the warning against decaying early",
    ),
    Row((24,), "reduce the rate when the validation error stops falling", waits_for="ReduceOnPlateau"),
    Row(
        (25,),
        "different random weights break symmetry",
        (
            "test_identical_units_stay_identical",
            "test_units_that_start_with_constant_weights_stay_identical",
            "test_random_weights_break_the_symmetry_of_units",
            "test_initial_weights_are_all_different_and_uncorrelated",
        ),
        "warning at identical units",
    ),
    Row(
        (26,),
        "big fan-in overshoots",
        (
            "test_largest_stable_rate_falls_with_the_number_of_inputs",
            "test_one_step_changes_z_in_proportion_to_the_fan_in",
        ),
    ),
    Row(
        (27,),
        "initial weights are proportional to 1 / sqrt(fan-in)",
        (
            "test_initial_weights_have_mean_zero_and_the_published_deviation",
            "test_variance_of_z_does_not_depend_on_the_number_of_inputs",
        ),
    ),
    Row(
        (28,),
        "rates may scale with fan-in too; sources differ on how",
        (
            "test_the_rate_of_weights_may_fall_with_the_fan_in",
            "test_the_largest_stable_rate_of_a_linear_neuron_does_not_depend_on_n_with_fan_in_power_one",
        ),
    ),
    Row(
        (29, 30),
        "inputs of zero mean and unit variance",
        ("test_shifted_or_unequally_scaled_inputs_make_an_elongated_bowl",),
        "Standardize",
    ),
    Row(
        (31,),
        "2 logistic(x) - 1 = tanh(x / 2)",
        (
            "test_twice_the_logistic_less_one_is_tanh_of_half_of_z",
            "test_symmetric_logistic_is_twice_the_logistic_less_one_and_tanh_of_half_of_z",
        ),
    ),
    Row(
        (32,),
        "tanh gives hidden activations of mean about 0, the logistic does not",
        ("test_hidden_activations_of_tanh_average_about_zero_and_of_logistic_not",),
        "diagnostics: mean per layer",
    ),
    Row(
        (33, 34),
        "a circular bowl is solved in one step at 1 / lambda",
        ("test_one_step_at_the_inverse_curvature_solves_a_circular_bowl",),
    ),
    Row((35, 36), "PCA: drop small components, divide by the root of the eigenvalues", waits_for="Whiten"),
    Row((37,), "too big a first rate saturates units: a plateau", waits_for="detector of saturated units"),
    Row((38,), "a plateau is not a local minimum", waits_for="curvature by Hessian-vector products"),
    Row(
        (39, 40),
        "predicting the proportion of ones is a plateau",
        ("test_predicting_the_proportion_of_ones_is_the_plateau",),
        "detector of the baseline plateau",
    ),
    *RULE_ROWS,
    Row(
        (66, 67),
        "which method for which data; LeCun's recipe needs no rate",
        (
            "test_schaul_vsgd_converges_on_a_noisy_bowl_with_no_rate_given",
            "test_schaul_vsgd_trains_a_network_with_no_rate_given",
        ),
        "automatic solver",
    ),
    Row(
        (68, 69, 70),
        "nets differ: deep with bottlenecks, recurrent, wide and shallow",
        ("test_nets_of_any_depth_and_width_train", "test_ten_thousand_features_into_one_unit_train"),
        "Autoencoder and recurrent layers",
    ),
    Row(
        (71, 72),
        "tasks differ: accurate weights, many rare cases",
        waits_for="Levenberg-Marquardt and Embedding",
    ),
    Row(
        (73,),
        "tune the rate first; momentum 0.9, Adam's 0.9, 0.999 and 1e-8 rarely",
        ("test_defaults_are_the_ones_the_textbook_recommends",),
        "search in tiers",
    ),
    Row((74, 75), "random search beats the grid; coarse to fine", waits_for="search"),
    Row((76, 77), "layers and units uniform, the rate on a log scale", waits_for="search distributions"),
    Row(
        (78, 79),
        "1 - beta on a log scale; it averages over 1 / (1 - beta) values",
        waits_for="search distributions",
    ),
    Row(
        (80, 81, 82, 83),
        "batch norm of z over each mini-batch, with gamma and beta instead of b, learned by any rule",
        (
            "test_batch_norm_and_its_gradients_are_those_of_the_formulas",
            "test_gradients_of_weights_gamma_and_beta_are_those_of_pytorch",
            "test_losses_weights_running_statistics_and_outputs_are_those_of_pytorch",
            "test_batch_norm_cancels_a_bias_before_it",
            "test_twenty_logistic_layers_learn_with_batch_norm_and_not_without",
            "test_twenty_layers_do_not_learn_without_batch_norm_and_learn_with_it_between_them",
        ),
    ),
    Row(
        (84,),
        "batch norm keeps the inputs of layers from drifting",
        ("test_inputs_of_deep_layers_drift_less_with_batch_norm",),
    ),
    Row(
        (85,),
        "batch norm regularizes slightly, less with larger batches",
        ("test_the_noise_of_small_batches_regularizes_and_that_of_large_ones_less",),
    ),
    Row(
        (86,),
        "one sample: exponentially weighted mean and variance, with or without bias correction",
        (
            "test_running_statistics_forget_their_start_at_once_with_bias_correction",
            "test_prediction_folds_the_running_statistics_into_the_weights_and_agrees_with_the_formula",
            "test_prediction_follows_set_weights_and_one_sample_is_a_row_of_many",
        ),
    ),
]
