
#include "arrays.hpp"
#include "entries.hpp"
#include "fanin/names.hpp"
#include "fanin/update.hpp"
#include "register.hpp"
#include "unlocked.hpp"

namespace {

std::string at(const char* name, std::size_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

std::string dtype_text(const py::array& array) {
  return py::str(static_cast<py::object>(array.dtype())).cast<std::string>();
}

bool c_contiguous(const py::array& array) { return (array.flags() & py::array::c_style) != 0; }

bool same_shape(const py::array& a, const py::array& b) {
  return a.ndim() == b.ndim() && std::equal(a.shape(), a.shape() + a.ndim(), b.shape());
}

// An array to update in place; never converted, because a converted copy would be updated and thrown away
template <class T>
py::array_t<T> in_place(std::size_t i, const py::handle& given) {
  const std::string name = at("arrays", i) + ": expected ";
  if (!py::isinstance<py::array>(given)) throw py::type_error(name + "a NumPy array");
  const auto array = py::reinterpret_borrow<py::array>(given);
  if (!py::isinstance<py::array_t<T>>(array)) {
    const std::string of_first =
        i == 0 ? "float32 or float64" : "float" + std::to_string(sizeof(T) * 8) + " like arrays[0]";
    throw py::type_error(name + of_first + ", got " + dtype_text(array));
  }
  if (!array.writeable()) throw fanin::ValueError(name + "a writable array, got a read-only one");
  if (!c_contiguous(array)) {
    throw fanin::ValueError(name + "a C-contiguous array, got shape " + arrays::shape_text(array) +
                            " with strides " + py::str(array.attr("strides")).cast<std::string>() + " bytes");
  }
  if (!arrays::viewable<T>(array)) {
    throw fanin::ValueError(name + "memory aligned to " + std::to_string(sizeof(T)) + " bytes");
  }
  return py::reinterpret_borrow<py::array_t<T>>(array);
}

// Whether two arrays have the same type, shape and layout, compared without inspecting the type
bool alike(const py::array& a, const py::array& b) {
  using Flag = py::detail::npy_api;
  constexpr int laid_out = Flag::NPY_ARRAY_C_CONTIGUOUS_ | Flag::NPY_ARRAY_ALIGNED_;
  bool same = py::detail::array_proxy(a.ptr())->descr == py::detail::array_proxy(b.ptr())->descr &&
              (a.flags() & laid_out) == laid_out && a.ndim() == b.ndim();
  const py::ssize_t *of_a = a.shape(), *of_b = b.shape();
  for (py::ssize_t i = 0; same && i < b.ndim(); ++i) same = of_a[i] == of_b[i];
  return same;
}

template <class T>
std::span<const T> values_of(const py::array_t<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// Values to read, shaped like an array: in place if possible, else a converted copy
template <class T>
py::array_t<T> values_like(const py::array_t<T>& array, const char* list, std::size_t i,
                           const py::object& given) {
  const auto usable = [&](const py::array& a) {
    return same_shape(a, array) && c_contiguous(a) && arrays::viewable<T>(a);
  };
  const py::array values = arrays::numbers(at(list, i).c_str(), given);
  if (!same_shape(values, array)) {
    throw fanin::ValueError(at(list, i) + ": expected shape " + arrays::shape_text(array) + ", got " +
                            arrays::shape_text(values));
  }
  if (usable(values)) return py::reinterpret_borrow<py::array_t<T>>(values);
  constexpr int aligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  return py::array_t<T, py::array::c_style | py::array::forcecast | aligned>(values);
}

template <class T>
class PyOptimizer {
 public:
  PyOptimizer(const std::string& rule, const py::dict& values, const py::list& given)
      : arrays_(checked(given)), optimizer_(arrays::make_method(rule, values), spans(), inputs()) {
    for (const auto& array : arrays_) borrowed_.push_back(memory_of(array));
  }

  void step(const py::sequence& given, const std::optional<double>& loss,
            const std::optional<py::sequence>& second, double weight) {
    Values gradients = values("gradients", given);
    fanin::StepInputs<T> inputs;
    inputs.loss = loss;
    inputs.weight = weight;
    Values shifted;
    if (second) {
      shifted = values("second_gradients", *second);
      inputs.second = shifted.spans;
    }
    const Unlocked unlocked;  // arrays_ and both Values keep all arrays alive
    optimizer_.step(gradients.spans, inputs);
  }

  // copies of the arrays, shifted to the points for the second gradient
  std::vector<py::array_t<T>> shifted(const py::sequence& given) {
    const Values gradients = values("gradients", given);
    std::vector<py::array_t<T>> out;
    std::vector<std::span<T>> to;
    for (const auto& array : arrays_) {
      out.push_back(empty_like(array));
      to.emplace_back(out.back().mutable_data(), static_cast<std::size_t>(array.size()));
    }
    optimizer_.shifted(gradients.spans, to);
    return out;
  }

  // copies of the true weights, or of their averages
  std::vector<py::array_t<T>> weights() const {
    return copies([&](std::size_t i, std::span<T> out) { optimizer_.get_weights(i, out); });
  }
  std::vector<py::array_t<T>> averages() const {
    return copies([&](std::size_t i, std::span<T> out) { optimizer_.get_average(i, out); });
  }

  void set_rule(const std::string& name, const py::dict& values) {
    for (std::size_t i = 0; i < arrays_.size(); ++i) check_unchanged(i);
    optimizer_.set_method(arrays::make_method(name, values));
  }
  std::uint64_t steps() const { return optimizer_.steps(); }
  std::vector<std::string> slot_names() const { return optimizer_.slot_names(); }
  std::string memory_name() const { return optimizer_.memory_name(); }
  // steps, memory, averaged, (batches, weight, loss)
  using Numbers = std::tuple<std::uint64_t, double, std::uint64_t, std::tuple<std::uint64_t, double, double>>;
  Numbers progress() const {
    const fanin::Progress p = optimizer_.progress();
    return {p.steps, p.memory, p.averaged, {p.batches, p.weight, p.loss}};
  }

  // copies, slot by slot
  std::vector<std::vector<py::array_t<T>>> state() const {
    std::vector<std::vector<py::array_t<T>>> slots(optimizer_.slot_names().size());
    for (std::size_t s = 0; s < slots.size(); ++s) {
      slots[s] = copies([&](std::size_t i, std::span<T> out) { optimizer_.get_slot(s, i, out); });
    }
    return slots;
  }

  void set_state(const Numbers& numbers, const std::vector<std::string>& names,
                 const std::vector<std::vector<py::object>>& given) {
    std::vector<py::array_t<T>> held;
    std::vector<std::vector<std::span<const T>>> values(given.size());
    for (std::size_t s = 0; s < given.size(); ++s) {
      const std::string name = "state: " + names.at(s);
      if (given[s].size() != arrays_.size()) {
        throw fanin::ValueError(name + ": expected a list of " + std::to_string(arrays_.size()) +
                                " arrays, got " + std::to_string(given[s].size()));
      }
      for (std::size_t i = 0; i < arrays_.size(); ++i) {
        held.push_back(values_like<T>(arrays_[i], name.c_str(), i, given[s][i]));
        values[s].push_back(values_of(held.back()));
      }
    }
    const auto& [steps, memory, averaged, group] = numbers;
    const auto& [batches, weight, loss] = group;
    optimizer_.set_state({steps, memory, averaged, batches, weight, loss}, values);
  }

 private:
  // Arrays to read, and spans of their memory
  struct Values {
    std::vector<py::array_t<T>> held;
    std::vector<std::span<const T>> spans;
  };
  Values values(const char* name, const py::sequence& given) const {
    if (given.size() != arrays_.size()) {
      throw fanin::ValueError(std::string(name) + ": expected one for each of the " +
                              std::to_string(arrays_.size()) + " arrays, got " +
                              std::to_string(given.size()));
    }
    Values values;
    values.held.reserve(arrays_.size());
    values.spans.reserve(arrays_.size());
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      check_unchanged(i);
      py::object one = given[i];
      // the common case first, without building the text of a message
      if (arrays::is_plain_array(one) && alike(py::reinterpret_borrow<py::array>(one), arrays_[i])) {
        values.held.push_back(py::reinterpret_steal<py::array_t<T>>(one.release()));
      } else {
        values.held.push_back(values_like<T>(arrays_[i], name, i, one));
      }
      values.spans.push_back(values_of(values.held.back()));
    }
    return values;
  }
  // NumPy allows an array to be resized, or given another dtype, in place.
  void check_unchanged(std::size_t i) const {
    const py::array& array = arrays_[i];
    if (!(memory_of(array) == borrowed_[i])) {
      throw fanin::ValueError(
          at("arrays", i) + ": expected its original memory, but it has been resized or " +
          "given another type: it is now " + dtype_text(array) + " of shape " + arrays::shape_text(array));
    }
    if (array.writeable()) return;
    throw fanin::ValueError(at("arrays", i) + ": expected a writable array; it has been made read-only");
  }
  struct Memory {
    const void* data;
    const void* type;
    py::ssize_t size;
    bool operator==(const Memory&) const = default;
  };
  static Memory memory_of(const py::array& array) {
    const auto* proxy = py::detail::array_proxy(array.ptr());
    return {proxy->data, proxy->descr, array.size()};
  }
  static py::array_t<T> empty_like(const py::array_t<T>& array) {
    return py::array_t<T>(std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim()));
  }
  // n_in of a weight array (..., units), or 0 for arrays of fewer than two dimensions, which are biases
  std::vector<std::size_t> inputs() const {
    std::vector<std::size_t> inputs;
    for (const auto& array : arrays_) {
      const bool bias = array.ndim() < 2 || array.size() == 0;
      inputs.push_back(bias ? 0 : static_cast<std::size_t>(array.size() / array.shape(array.ndim() - 1)));
    }
    return inputs;
  }
  // new arrays shaped like the arrays, each filled by get(i, its values)
  template <class Get>
  std::vector<py::array_t<T>> copies(Get&& get) const {
    for (std::size_t i = 0; i < arrays_.size(); ++i) check_unchanged(i);
    std::vector<py::array_t<T>> out;
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      out.push_back(empty_like(arrays_[i]));
      get(i, {out.back().mutable_data(), static_cast<std::size_t>(out.back().size())});
    }
    return out;
  }
  static std::vector<py::array_t<T>> checked(const py::list& given) {
    std::vector<py::array_t<T>> arrays;
    for (std::size_t i = 0; i < given.size(); ++i) arrays.push_back(in_place<T>(i, given[i]));
    return arrays;
  }
  std::vector<std::span<T>> spans() {
    std::vector<std::span<T>> spans;
    for (auto& array : arrays_)
      spans.emplace_back(array.mutable_data(), static_cast<std::size_t>(array.size()));
    return spans;
  }

  std::vector<py::array_t<T>> arrays_;
  std::vector<Memory> borrowed_;  // one per array
  fanin::Optimizer<T> optimizer_;
};

template <class T>
void register_optimizer_of(py::module_& m, const std::string& suffix) {
  using Opt = PyOptimizer<T>;
  py::class_<Opt>(m, ("Optimizer" + suffix).c_str())
      .def(py::init<const std::string&, const py::dict&, const py::list&>(), py::arg("rule"),
           py::arg("values"), py::arg("arrays"))
      .def("step", &Opt::step, py::arg("gradients"), py::arg("loss"), py::arg("second"), py::arg("weight"))
      .def("shifted", &Opt::shifted, py::arg("gradients"))
      .def("weights", &Opt::weights)
      .def("averages", &Opt::averages)
      .def("set_rule", &Opt::set_rule, py::arg("rule"), py::arg("values"))
      .def_property_readonly("t", &Opt::steps)
      .def_property_readonly("slot_names", &Opt::slot_names)
      .def_property_readonly("memory_name", &Opt::memory_name)
      .def_property_readonly("progress", &Opt::progress)
      .def("get_state", &Opt::state)
      .def("set_state", &Opt::set_state, py::arg("progress"), py::arg("names"), py::arg("slots"));
}

}  // namespace

void register_optim(py::module_& m) {
  register_optimizer_of<float>(m, "Float32");
  register_optimizer_of<double>(m, "Float64");
}
