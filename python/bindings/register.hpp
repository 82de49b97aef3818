#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
// in all files or in none: they must agree on conversions
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

namespace py = pybind11;

void register_errors(py::module_& m);
void register_cpu(py::module_& m);
void register_lists(py::module_& m);
void register_coded(py::module_& m);
void register_fit(py::module_& m);
void register_watch(py::module_& m);
void register_network(py::module_& m);
void register_recurrent(py::module_& m);
void register_rule_progress(py::module_& m);
void register_objective(py::module_& m);
void register_functional(py::module_& m);
void register_batch_norm(py::module_& m);
void register_optim(py::module_& m);
void register_tables(py::module_& m);
void register_table_model(py::module_& m);
void register_text(py::module_& m);
