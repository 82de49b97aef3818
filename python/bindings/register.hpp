#pragma once

#include <pybind11/pybind11.h>

namespace py = pybind11;

void register_errors(py::module_& m);
void register_cpu(py::module_& m);
void register_lists(py::module_& m);
void register_fit(py::module_& m);
void register_network(py::module_& m);
void register_objective(py::module_& m);
void register_functional(py::module_& m);
void register_batch_norm(py::module_& m);
void register_optim(py::module_& m);
