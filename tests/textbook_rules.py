"""The claims of the textbook notes about update rules, rows 41 to 65: see `textbook`."""

from __future__ import annotations

from textbook_row import Row

RULE_ROWS = [
    Row(
        (41, 48),
        "momentum: v = alpha v - epsilon dE/dw, w <- w + v",
        (
            "test_float64_training_equals_the_textbook",
            "test_momentum_by_hand_follows_the_published_equation",
            "test_training_gives_the_losses_and_weights_of_pytorch",
        ),
    ),
    Row(
        (42, 53),
        "rates per weight adapt to consistency; layers differ",
        waits_for="update / weight ratio per layer",
    ),
    Row(
        (43, 64),
        "RMSprop divides by a running root mean square",
        (
            "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
            "test_rmsprops_path_without_epsilon_does_not_change_when_the_loss_is_scaled",
            "test_the_first_step_for_the_largest_and_the_smallest_gradients",
        ),
    ),
    Row((44,), "methods that use curvature", waits_for="L-BFGS, conjugate gradient, Levenberg-Marquardt"),
    Row(
        (45,),
        "the ball does not follow steepest descent",
        ("test_momentum_does_not_follow_steepest_descent",),
        "trajectory plot",
    ),
    Row(
        (46,),
        "momentum damps oscillation; stable to 2 (1 + alpha) / lambda",
        (
            "test_momentum_is_stable_to_its_larger_limit_and_not_above",
            "test_rates_converge_just_inside_the_limit_of_their_rule_and_diverge_just_outside",
            "test_momentum_decays_by_the_factors_of_theory",
        ),
    ),
    Row(
        (47,),
        "momentum builds speed to epsilon g / (1 - alpha)",
        (
            "test_momentum_reaches_its_terminal_velocity_on_a_gentle_slope",
            "test_both_momenta_reach_the_terminal_velocity",
        ),
    ),
    Row(
        (49,),
        "without gradient the velocity decays by alpha",
        ("test_velocity_decays_by_momentum_if_the_gradient_is_zero",),
    ),
    Row(
        (50,),
        "alpha 0.5 at first, then 0.9 or 0.99; Sutskever's schedule",
        (
            "test_a_schedule_is_its_equation_at_every_step",
            "test_a_scheduled_momentum_jumps_by_the_momentum_of_the_step_to_come",
        ),
    ),
    Row(
        (51,),
        "momentum allows larger rates; Nesterov's limit is another",
        (
            "test_momentum_allows_a_rate_at_which_sgd_diverges",
            "test_rates_converge_just_inside_the_limit_of_their_rule_and_diverge_just_outside",
            "test_nesterov_in_a_network_has_the_limit_of_theory",
        ),
    ),
    Row(
        (52,),
        "Nesterov: jump first, then correct",
        (
            "test_each_variant_trains_a_network_as_the_textbook_does",
            "test_a_network_shows_the_weights_before_the_look_ahead",
            "test_training_gives_the_losses_and_weights_of_pytorch",
        ),
    ),
    Row(
        (54,),
        "gains per weight start at 1 and scale the rate",
        (
            "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
            "test_gains_grow_by_addition_shrink_by_multiplication_and_stay_at_the_first_step_and_at_zero",
        ),
    ),
    Row(
        (55, 56),
        "gain + 0.05 on equal signs, x 0.95 on opposite ones; kept at the first step and at zero",
        ("test_gains_grow_by_addition_shrink_by_multiplication_and_stay_at_the_first_step_and_at_zero",),
    ),
    Row(
        (57,),
        "big gains decay quickly under oscillation; random signs hover about 1",
        ("test_big_gains_decay_quickly_under_oscillation_and_random_signs_hover_about_1",),
    ),
    Row((58,), "gains are limited to [0.1, 10]", ("test_gains_stay_within_their_limits",)),
    Row(
        (59,),
        "gains want big batches",
        ("test_rules_for_full_batches_warn_once_about_mini_batches",),
    ),
    Row(
        (60,),
        "gains may compare -g with the velocity",
        ("test_with_momentum_gains_compare_the_gradient_with_the_velocity",),
    ),
    Row(
        (61,),
        "gains see axis-aligned effects only",
        ("test_gains_help_on_a_bowl_along_the_axes_but_not_on_a_rotated_one",),
    ),
    Row(
        (62,),
        "full batch: only the sign of the gradient",
        (
            "test_only_the_sign_counts_so_that_plateaus_of_tiny_gradients_are_left_at_full_speed",
            "test_rules_for_full_batches_warn_once_about_mini_batches",
        ),
    ),
    Row(
        (63,),
        "Rprop: x 1.2 and x 0.5 between 1e-6 and 50",
        (
            "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
            "test_rprops_path_does_not_change_when_the_loss_is_scaled",
            "test_defaults_are_the_ones_the_textbook_recommends",
        ),
    ),
    Row(
        ("63b",),
        "Rprop fails with mini-batches",
        (
            "test_rprop_drifts_with_mini_batches_for_which_sgd_does_not_move",
            "test_rules_for_full_batches_warn_once_about_mini_batches",
        ),
    ),
    Row(
        (65,),
        "RMSprop: adjacent mini-batches divide by similar numbers, which reduces the drift",
        ("test_rmsprop_divides_adjacent_mini_batches_by_similar_numbers_so_that_less_drift_is_left",),
    ),
]
