// The extension module: each file of this folder registers one topic.
#include "register.hpp"

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "The C++ core of fanin.";
  register_errors(m);
  register_cpu(m);
  register_lists(m);
  register_fit(m);
  register_network(m);
  register_objective(m);
  register_functional(m);
  register_batch_norm(m);
  register_optim(m);
}
