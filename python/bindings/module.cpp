// The extension module: each file in this folder registers one topic.
#include "register.hpp"

namespace {

// In a sub-interpreter pybind11 would wait for a lock that this thread holds, and NumPy does not support
// them.
bool in_main_interpreter() { return PyInterpreterState_Get() == PyInterpreterState_Main(); }

constexpr const char* kElsewhere =
    "fanin cannot be imported in a sub-interpreter; import it in the main interpreter of the process";

}  // namespace

PYBIND11_MODULE(_core_of_main_interpreter, m, py::mod_gil_not_used(),
                py::multiple_interpreters::not_supported()) {
  // from 3.13, Python runs PyInit__core in the main interpreter, whichever interpreter imports it
  if (!in_main_interpreter()) throw py::import_error(kElsewhere);
  m.doc() = "The C++ core of fanin.";
  register_errors(m);
  register_cpu(m);
  register_lists(m);
  register_coded(m);
  register_watch(m);
  register_fit(m);
  register_network(m);
  register_recurrent(m);
  register_rule_progress(m);
  register_objective(m);
  register_functional(m);
  register_batch_norm(m);
  register_optim(m);
  register_tables(m);
  register_table_model(m);
  register_text(m);
}

extern "C" PYBIND11_EXPORT PyObject* PyInit__core();
PyObject* PyInit__core() {
  if (in_main_interpreter()) return PyInit__core_of_main_interpreter();
  PyErr_SetString(PyExc_ImportError, kElsewhere);
  return nullptr;
}
