// The state of a network's update rule, as arrays by name.
#include "entries.hpp"
#include "fanin/network.hpp"
#include "register.hpp"
#include "unlocked.hpp"

namespace {

// steps, memory, averaged, name -> elements
template <class T>
py::tuple rule_progress(const fanin::Network<T>& net) {
  const fanin::RuleProgress<T> progress = net.rule_progress();
  py::dict arrays;
  for (const auto& [name, values] : progress.arrays) {
    arrays[name.c_str()] = py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
  }
  return py::make_tuple(progress.steps, progress.memory, progress.averaged, arrays);
}

template <class T>
using Elements = py::array_t<T, py::array::c_style | py::array::forcecast>;
template <class T>
using Given = std::tuple<std::uint64_t, double, std::uint64_t, std::map<std::string, Elements<T>>>;

template <class T>
void set_rule_progress(fanin::Network<T>& net, const std::string& name, const py::dict& values,
                       const Given<T>& given) {
  const auto& [steps, memory, averaged, named] = given;
  fanin::RuleProgress<T> progress{steps, memory, averaged};
  for (const auto& [array, elements] : named) {
    progress.arrays[array].assign(elements.data(), elements.data() + elements.size());
  }
  const fanin::Method method = arrays::make_method(name, values);
  const Unlocked unlocked;  // `progress` is a copy
  net.set_rule_progress(method, progress);
}

template <class T>
void register_rule_progress_of(py::module_& m, const std::string& suffix) {
  auto network = py::reinterpret_borrow<py::class_<fanin::Network<T>>>(m.attr(("Network" + suffix).c_str()));
  network.def_property_readonly("rule_progress", &rule_progress<T>)
      .def("set_rule_progress", &set_rule_progress<T>, py::arg("rule"), py::arg("values"),
           py::arg("progress"));
}

}  // namespace

void register_rule_progress(py::module_& m) {
  register_rule_progress_of<float>(m, "Float32");
  register_rule_progress_of<double>(m, "Float64");
}
