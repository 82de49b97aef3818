#include "fanin/cpu.hpp"

#include "register.hpp"

void register_cpu(py::module_& m) {
  namespace cpu = fanin::cpu;
  cpu::active();  // an invalid FANIN_ISA or FANIN_NUM_THREADS fails the import, not the first call
  cpu::num_threads();
  m.attr("__version__") = FANIN_VERSION;
  m.def("built", [] { return py::tuple(py::cast(cpu::built())); });
  m.def("available", [] { return py::tuple(py::cast(cpu::available())); });
  m.def("active", &cpu::active);
  m.def("compiler", &cpu::compiler);
  m.def("has_openmp", &cpu::has_openmp);
  m.def("num_threads", &cpu::num_threads);
  m.def("set_num_threads", &cpu::set_num_threads, py::arg("n"));
  m.def("set_own_num_threads", &cpu::set_own_num_threads, py::arg("n"));
}
