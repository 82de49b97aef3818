#include "fanin/error.hpp"

#include <cerrno>
#include <new>

#include "register.hpp"

namespace {

constexpr const char* kDivergedDoc = R"(Raised if a loss or a weight becomes NaN or infinite.

The network's weights are restored to those at the end of the last finite epoch.

Attributes
----------
epoch, step, layer : int
    Where this happened first, counted from 1: the epoch of this fit, as in `History`, and the step in that epoch.
history : History
    Of the fit, up to the last finite epoch.
diagnosis : diagnose.Diagnosis or None
    With ``diagnose=True``.

Examples
--------
>>> import fanin
>>> net = fanin.Network(1, [fanin.Dense(1)])
>>> try:
...     net.fit([[1e30], [-1e30]], [1e30, 1.0], rule=fanin.optim.SGD(1.0))
... except fanin.DivergedError as error:
...     print(error.epoch, error.step, error.layer)
1 1 1
)";

void raise_diverged(const fanin::DivergedError& error, const py::object& type) {
  py::object instance = type(error.what());
  instance.attr("epoch") = error.epoch;
  instance.attr("step") = error.step;
  instance.attr("layer") = error.layer;
  PyErr_SetObject(type.ptr(), instance.ptr());
}

// The exception carries the place, because Python knows the names of a frame's columns
void raise_bad_value(const fanin::BadValueError& error) {
  const py::object type = py::reinterpret_borrow<py::object>(PyExc_ValueError);
  py::object instance = type(error.what());
  instance.attr("argument") = error.argument;
  instance.attr("row") = error.row;
  instance.attr("column") = error.column;
  instance.attr("problem") = error.problem;
  PyErr_SetObject(type.ptr(), instance.ptr());
}

}  // namespace

void register_errors(py::module_& m) {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> diverged;
  diverged.call_once_and_store_result([&] {
    py::exception<fanin::DivergedError> type(m, "DivergedError", PyExc_ArithmeticError);
    type.attr("__doc__") = kDivergedDoc;
    return py::object(type);
  });
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const fanin::DivergedError& error) {
      raise_diverged(error, diverged.get_stored());
    } catch (const std::bad_alloc&) {
      PyErr_SetString(PyExc_MemoryError, "not enough memory for this call");
    } catch (const fanin::BusyError& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    } catch (const fanin::FileError& error) {
      const auto text = [](const std::string& bytes) {
        return py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefault(bytes.c_str()));
      };
      const py::tuple arguments = py::make_tuple(error.code, text(error.problem), text(error.path));
      PyErr_SetObject(PyExc_OSError, arguments.ptr());  // the subclass that belongs to the code
    } catch (const fanin::BadValueError& error) {
      raise_bad_value(error);
    } catch (const fanin::ValueError& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });
}
