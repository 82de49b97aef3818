"""The tests that check the rows of docs/textbook.md, by the numbers in its first column."""

from __future__ import annotations

CHECKS: dict[str, tuple[str, ...]] = {
    "1": (
        "test_a_layer_learns_the_published_statistics",
        "test_a_mean_of_a_million_loses_nothing_in_float32",
    ),
    "2": ("test_unit_variance_takes_the_deviation_not_the_variance",),
    "3": (
        "test_the_first_fit_learns_from_its_training_rows_alone",
        "test_what_was_learned_is_saved_copied_and_resumed",
    ),
    "4": (
        "test_the_condition_number_of_standardized_independent_columns_is_near_one",
        "test_shifted_or_unequally_scaled_inputs_make_an_elongated_bowl",
        "test_sgd_diverges_just_above_two_over_the_largest_curvature_and_not_below",
    ),
    "5": (
        "test_one_and_a_half_times_identity_grows_as_a_power_of_depth",
        "test_half_the_identity_vanishes_as_a_power_of_depth",
        "test_a_gain_acts_on_the_signal_as_its_power_with_depth",
        "test_a_deep_linear_net_with_orthogonal_weights_keeps_every_norm",
        "test_the_sums_of_every_layer_have_unit_variance_for_every_activation",
        "test_the_report_by_layer_shows_signals_and_gradients_as_powers_of_depth",
        "test_the_doctor_proves_remedies_of_saturated_units_and_of_vanishing_gradients",
    ),
    "6": (
        "test_initial_weights_have_mean_zero_and_the_published_deviation",
        "test_weights_from_rand_explode_through_twenty_relu_layers",
    ),
    "7": (
        "test_he_weights_keep_the_signal_through_twenty_relu_layers",
        "test_lecun_weights_shrink_the_signal_a_thousandfold_through_twenty_relu_layers",
        "test_only_weights_of_the_right_deviation_keep_signals_and_gradients_through_twenty_layers",
    ),
    "8": (
        "test_variance_of_z_does_not_depend_on_the_number_of_inputs",
        "test_sparse_weights_keep_the_variance_of_z_for_any_number_of_inputs",
    ),
    "9": (
        "test_tanh_keeps_its_signal_with_lecun_weights",
        "test_auto_is_the_initializer_for_the_activation",
        "test_initial_standard_deviations_are_the_published_ones",
    ),
    "10": (
        "test_sgd_follows_the_closed_form_of_the_quadratic_bowl",
        "test_loss_of_a_linear_neuron_is_the_quadratic_bowl",
    ),
    "11": (
        "test_a_bowl_predicts_every_decrease_of_a_linear_neuron_exactly",
        "test_a_bowl_predicts_small_steps_of_a_deep_net_and_large_ones_less",
    ),
    "12": (
        "test_negative_gradient_does_not_point_at_the_minimum_of_an_ellipse",
        "test_the_angle_to_the_newton_step_on_an_ellipse_is_that_of_linear_algebra",
    ),
    "13": (
        "test_too_big_a_rate_oscillates_along_the_steepest_axis",
        "test_sgd_diverges_just_above_two_over_the_largest_curvature_and_not_below",
    ),
    "14": (
        "test_consistency_is_the_mean_over_the_deviation_of_the_gradients_of_batches",
        "test_adaptive_rules_move_consistent_weights_further_for_their_gradient_than_sgd_does",
    ),
    "15": (
        "test_redundancy_is_the_mean_cosine_of_the_gradients_of_the_halves_of_four_splits",
        "test_samples_that_are_all_alike_are_redundant",
        "test_redundancy_of_an_examination_is_near_1_for_repeated_rows_and_agrees_with_suggest",
    ),
    "16, 17": (
        "test_any_batch_size_trains_on_every_row_of_every_epoch",
        "test_smaller_batches_learn_more_from_a_pass",
    ),
    "18, 19": ("test_any_batch_size_trains_on_every_row_of_every_epoch",),
    "20": (
        "test_every_stratified_batch_has_the_gradient_of_the_whole_set",
        "test_balanced_batches_weigh_all_classes_alike",
    ),
    "21, 22": (
        "test_a_loss_that_keeps_rising_halves_the_rate_and_returns_to_the_best_weights",
        "test_weights_that_oscillate_halve_the_rate_until_they_do_not",
        "test_a_steady_slow_fall_raises_the_rate_at_most_twice",
        "test_each_leg_and_the_choice_are_decisions_with_their_numbers",
        "test_a_race_chooses_one_of_the_best_rates_of_a_whole_fit",
    ),
    "23": (
        "test_noise_floor_of_online_learning_is_proportional_to_the_rate",
        "test_a_schedule_is_its_equation_at_every_step",
        "test_a_leg_is_a_fit_at_a_constant_rate_that_then_falls_to_0",
        "test_a_rate_turned_down_while_the_loss_still_falls_steadily_causes_one_warning",
        "test_a_rate_turned_down_too_soon_is_found_and_a_later_decay_is_proved",
        "test_a_fit_ended_by_time_has_its_schedule_end_and_is_repeated_by_its_steps",
        "test_averaged_weights_are_better_than_those_of_the_last_step",
        "test_a_rate_that_falls_removes_the_noise_unless_it_falls_too_soon",
    ),
    "24": (
        "test_the_rate_is_reduced_when_a_figure_stops_improving",
        "test_a_plateau_on_the_validation_set_turns_the_rate_down",
    ),
    "25": (
        "test_identical_units_stay_identical",
        "test_units_that_start_with_constant_weights_stay_identical",
        "test_random_weights_break_the_symmetry_of_units",
        "test_units_that_start_alike_are_found_and_different_weights_are_proved",
        "test_initial_weights_are_all_different_and_uncorrelated",
    ),
    "26": (
        "test_largest_stable_rate_falls_with_the_number_of_inputs",
        "test_one_step_changes_z_in_proportion_to_the_fan_in",
    ),
    "27": (
        "test_initial_weights_have_mean_zero_and_the_published_deviation",
        "test_variance_of_z_does_not_depend_on_the_number_of_inputs",
    ),
    "28": (
        "test_the_rate_of_weights_may_fall_with_the_fan_in",
        "test_the_largest_stable_rate_of_a_linear_neuron_does_not_depend_on_n_with_fan_in_power_one",
    ),
    "29, 30": (
        "test_shifted_or_unequally_scaled_inputs_make_an_elongated_bowl",
        "test_standardizing_turns_two_ellipses_into_circles_whose_centre_is_one_step_away",
    ),
    "31": (
        "test_twice_the_logistic_less_one_is_tanh_of_half_of_z",
        "test_symmetric_logistic_is_twice_the_logistic_less_one_and_tanh_of_half_of_z",
    ),
    "32": (
        "test_hidden_activations_of_tanh_average_about_zero_and_of_logistic_not",
        "test_the_report_by_layer_has_a_mean_of_about_0_for_tanh_and_of_a_half_for_logistic",
    ),
    "33, 34": (
        "test_one_step_at_the_inverse_curvature_solves_a_circular_bowl",
        "test_standardized_inputs_need_fewer_steps_than_raw_ones_and_whitened_ones_the_fewest",
    ),
    "35, 36": (
        "test_outputs_are_uncorrelated_and_of_variance_one",
        "test_a_share_keeps_the_fewest_components_that_explain_it",
        "test_the_floor_limits_how_far_small_components_are_blown_up",
    ),
    "37": (
        "test_too_big_a_first_rate_saturates_units_which_are_found_and_the_remedy_is_proved",
        "test_the_doctor_proves_remedies_of_saturated_units_and_of_vanishing_gradients",
    ),
    "38": (
        "test_zero_weights_of_a_deep_linear_net_are_a_saddle_and_not_a_minimum",
        "test_zero_weights_of_a_deeper_linear_net_are_a_plateau_because_most_directions_are_flat",
        "test_lanczos_finds_the_extreme_eigenvalues_of_a_bowl",
    ),
    "39, 40": (
        "test_predicting_the_proportion_of_ones_is_the_plateau",
        "test_no_constant_outputs_have_a_lower_loss_than_the_base_rate",
        "test_a_fit_that_stays_at_the_base_rate_is_found_and_one_that_leaves_it_is_not",
        "test_the_loss_starts_at_the_entropy_of_the_classes_or_the_variance_of_the_targets",
        "test_training_does_not_spend_epochs_to_find_the_base_rate",
        "test_a_net_that_starts_at_the_base_rate_is_past_the_plateau_when_one_of_zero_biases_reaches_it",
    ),
    "41, 48": (
        "test_float64_training_equals_the_textbook",
        "test_momentum_by_hand_follows_the_published_equation",
        "test_training_gives_the_losses_and_weights_of_pytorch",
    ),
    "42, 53": ("test_the_ratio_of_update_to_weight_differs_by_layer_with_sgd_and_little_with_adam",),
    "43, 64": (
        "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
        "test_rmsprops_path_without_epsilon_does_not_change_when_the_loss_is_scaled",
        "test_the_first_step_for_the_largest_and_the_smallest_gradients",
    ),
    "44": (
        "test_fit_until_the_solver_ends",
        "test_lbfgs_takes_no_more_evaluations_than_scipy",
        "test_levenberg_marquardt_on_sinc",
        "test_hessian_free_gets_further_than_lbfgs_in_as_many_iterations",
        "test_hessian_of_an_activation",
        "test_scipy_minimizes_a_loss_by_gradients_and_by_products_of_its_hessian",
    ),
    "45": ("test_momentum_does_not_follow_steepest_descent",),
    "46": (
        "test_momentum_is_stable_to_its_larger_limit_and_not_above",
        "test_rates_converge_just_inside_the_limit_of_their_rule_and_diverge_just_outside",
        "test_momentum_decays_by_the_factors_of_theory",
    ),
    "47": (
        "test_momentum_reaches_its_terminal_velocity_on_a_gentle_slope",
        "test_both_momenta_reach_the_terminal_velocity",
    ),
    "49": ("test_velocity_decays_by_momentum_if_the_gradient_is_zero",),
    "50": (
        "test_a_schedule_is_its_equation_at_every_step",
        "test_a_scheduled_momentum_jumps_by_the_momentum_of_the_step_to_come",
    ),
    "51": (
        "test_momentum_allows_a_rate_at_which_sgd_diverges",
        "test_rates_converge_just_inside_the_limit_of_their_rule_and_diverge_just_outside",
        "test_nesterov_in_a_network_has_the_limit_of_theory",
        "test_momentum_gets_further_than_gradient_descent_and_only_classical_momentum_allows_a_larger_rate",
    ),
    "52": (
        "test_each_variant_trains_a_network_as_the_textbook_does",
        "test_a_network_shows_the_weights_before_the_look_ahead",
        "test_training_gives_the_losses_and_weights_of_pytorch",
    ),
    "54": (
        "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
        "test_gains_grow_by_addition_shrink_by_multiplication_and_stay_at_the_first_step_and_at_zero",
    ),
    "55, 56": (
        "test_gains_grow_by_addition_shrink_by_multiplication_and_stay_at_the_first_step_and_at_zero",
    ),
    "57": ("test_big_gains_decay_quickly_under_oscillation_and_random_signs_hover_about_1",),
    "58": ("test_gains_stay_within_their_limits",),
    "59": ("test_rules_for_full_batches_warn_once_about_mini_batches",),
    "60": ("test_with_momentum_gains_compare_the_gradient_with_the_velocity",),
    "61": (
        "test_gains_help_on_a_bowl_along_the_axes_but_not_on_a_rotated_one",
        "test_gains_are_a_great_help_along_the_axes_and_a_small_one_on_a_rotated_bowl",
    ),
    "62": (
        "test_only_the_sign_counts_so_that_plateaus_of_tiny_gradients_are_left_at_full_speed",
        "test_rules_for_full_batches_warn_once_about_mini_batches",
    ),
    "63": (
        "test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays",
        "test_rprops_path_does_not_change_when_the_loss_is_scaled",
        "test_defaults_are_the_ones_the_textbook_recommends",
    ),
    "63b": (
        "test_rprop_drifts_with_mini_batches_for_which_sgd_does_not_move",
        "test_rules_for_full_batches_warn_once_about_mini_batches",
    ),
    "65": (
        "test_rmsprop_divides_adjacent_mini_batches_by_similar_numbers_so_that_less_drift_is_left",
        "test_signs_drift_where_the_mean_gradient_is_zero_and_cross_a_plateau_at_full_speed",
    ),
    "66, 67": (
        "test_few_samples_call_for_lbfgs_with_a_penalty_by_their_number",
        "test_many_redundant_samples_call_for_mini_batches",
        "test_many_samples_that_are_not_redundant_call_for_lbfgs",
        "test_schaul_vsgd_converges_on_a_noisy_bowl_with_no_rate_given",
        "test_schaul_vsgd_trains_a_network_with_no_rate_given",
    ),
    "68, 69, 70": (
        "test_nets_of_any_depth_and_width_train",
        "test_a_linear_bottleneck_reaches_the_error_of_principal_components",
        "test_one_curved_axis_reconstructs_an_arc_that_two_straight_ones_do_not",
        "test_ten_thousand_features_into_one_unit_train",
        "test_equations_of_recurrent_layers_are_those_of_pytorch",
        "test_gradients_of_recurrent_nets_are_those_of_pytorch",
        "test_streamed_steps_have_the_bits_of_a_window",
        "test_windows_carry_the_state_and_stop_the_gradient",
        "test_numbers_a_hundred_steps_apart_are_added",
        "test_symbols_are_copied_better_than_a_net_without_memory_can",
        "test_gradients_reach_further_back_with_gates_after_training",
    ),
    "71, 72": (
        "test_levenberg_marquardt_on_a_period_of_a_sine",
        "test_every_rule_gives_the_dense_forms_bits_or_its_values_up_to_rounding",
        "test_rates_scaled_by_count_divide_by_the_samples_that_meet_a_row",
        "test_every_rule_trains_a_table_as_a_dense_layer_on_one_hot_rows",
        "test_a_bag_is_the_sum_of_its_rows_times_their_weights_or_their_mean",
        "test_a_fit_on_a_million_columns_needs_the_memory_of_its_weights_and_no_dense_row",
    ),
    "73": (
        "test_defaults_are_the_ones_the_textbook_recommends",
        "test_the_rate_comes_first_then_momentum_and_units_then_layers_and_decay_and_adams_betas_last",
        "test_each_round_opens_a_tier_with_its_whole_range_and_narrows_those_before",
    ),
    "74, 75": (
        "test_25_random_points_try_25_rates_and_a_grid_of_25_tries_5",
        "test_a_range_halves_on_its_scale_around_the_best",
        "test_three_rounds_come_closer_to_an_optimum_than_random_search_with_as_many_trials",
    ),
    "76, 77": (
        "test_layers_and_units_are_drawn_uniformly_with_both_ends",
        "test_lengths_of_tuples_and_their_elements_are_drawn_uniformly",
        "test_a_rate_is_drawn_evenly_on_a_log_scale",
        "test_a_log_scale_spreads_draws_evenly_over_decades",
    ),
    "78, 79": (
        "test_one_minus_beta_is_drawn_evenly_on_a_log_scale",
        "test_averages_reach_over_10_to_10000_values_for_betas_from_09_to_09999",
    ),
    "80, 81, 82, 83": (
        "test_batch_norm_and_its_gradients_are_those_of_the_formulas",
        "test_gradients_of_weights_gamma_and_beta_are_those_of_pytorch",
        "test_losses_weights_running_statistics_and_outputs_are_those_of_pytorch",
        "test_batch_norm_cancels_a_bias_before_it",
        "test_twenty_logistic_layers_learn_with_batch_norm_and_not_without",
        "test_twenty_layers_do_not_learn_without_batch_norm_and_learn_with_it_between_them",
    ),
    "84": ("test_inputs_of_deep_layers_drift_less_with_batch_norm",),
    "85": ("test_the_noise_of_small_batches_regularizes_and_that_of_large_ones_less",),
    "86": (
        "test_running_statistics_forget_their_start_at_once_with_bias_correction",
        "test_prediction_folds_the_running_statistics_into_the_weights_and_agrees_with_the_formula",
        "test_prediction_follows_set_weights_and_one_sample_is_a_row_of_many",
        "test_batch_norm_lets_twenty_layers_learn_regularizes_by_small_batches_and_corrects_averages",
    ),
}
