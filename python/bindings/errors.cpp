#include "fanin/error.hpp"

#include "register.hpp"

namespace {

void raise_diverged(const fanin::DivergedError& error, const py::object& type) {
  py::object instance = type(error.what());
  instance.attr("epoch") = error.epoch;
  instance.attr("step") = error.step;
  instance.attr("layer") = error.layer;
  PyErr_SetObject(type.ptr(), instance.ptr());
}

}  // namespace

void register_errors(py::module_& m) {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> diverged;
  diverged.call_once_and_store_result(
      [&] { return py::exception<fanin::DivergedError>(m, "DivergedError", PyExc_ArithmeticError); });
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const fanin::DivergedError& error) {
      raise_diverged(error, diverged.get_stored());
    } catch (const fanin::BusyError& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    } catch (const fanin::ValueError& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });
}
