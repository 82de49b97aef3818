// Arbitrary arguments of the C++ API: sizes, hyper-parameters, strides, labels and values from bytes. Each
// call succeeds or throws one of fanin's exceptions.
#include <cstdint>
#include <cstring>

#include "fanin/fanin.hpp"

namespace {

using namespace fanin;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t byte() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  std::size_t below(std::size_t n) { return byte() % n; }
  // usually ordinary, sometimes anything
  double number() {
    const std::uint8_t kind = byte();
    if (kind < 200) return kind / 100.0;
    double value = 0;
    std::uint8_t bytes[sizeof value];
    for (std::uint8_t& b : bytes) b = byte();
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

struct NumberSetter {
  Bytes& from;
  void operator()(const char*, double& value, Allowed) const { value = from.number(); }
  void operator()(const char*, std::size_t& value, Allowed) const { value = from.below(40); }
  void operator()(const char*, bool& value) const { value = from.byte() % 2 == 0; }
  template <class E>
  void operator()(const char*, E& value, const Choices& choices) const {
    value = static_cast<E>(from.below(choices.count + 1));
  }
  void operator()(const char*, Numbers& numbers, Allowed) const {
    numbers.count = 1 + from.below(Numbers::most);
    for (std::size_t i = 0; i < numbers.count; ++i) numbers.value[i] = from.number();
  }
  void operator()(const char*, std::vector<double>& array, Allowed) const {
    array.resize(from.below(20));
    for (double& value : array) value = from.number();
  }
  template <class... Entry>
  void operator()(const char*, std::variant<Entry...>& entry, List<Entry...> list) const;
  template <class... Entry, std::size_t most>
  void operator()(const char* name, ShortList<std::variant<Entry...>, most>& entries,
                  List<Entry...> list) const {
    entries.count = 1 + from.below(most);
    for (std::size_t i = 0; i < entries.count; ++i) (*this)(name, entries.value[i], list);
  }
};

template <class Variant, class L>
Variant any_of(L list, Bytes& from) {
  const std::size_t place = from.below(static_cast<std::size_t>(L::size));
  Variant chosen;
  std::size_t i = 0;
  for_each_type(list, [&](auto type) {
    if (i++ != place) return;
    typename decltype(type)::type entry;
    if (from.byte() % 4 == 0) entry.fields(entry, NumberSetter{from});
    chosen = entry;
  });
  return chosen;
}

template <class... Entry>
void NumberSetter::operator()(const char*, std::variant<Entry...>& entry, List<Entry...> list) const {
  entry = any_of<std::variant<Entry...>>(list, from);
}

Method any_method(Bytes& from) {
  const std::vector<std::string> names = Rule::names();
  Rule rule = *Rule::named(names[from.below(names.size())]);
  if (from.byte() % 4 == 0) Rule::fields(rule, NumberSetter{from});
  Method method = rule;
  if (from.byte() % 4 == 0) method.learning_rate = any_of<Schedule>(Schedules{}, from);
  if (from.byte() % 4 == 0) method.momentum = any_of<Schedule>(Schedules{}, from);
  if (from.byte() % 4 == 0) method.clip_value = from.number();
  if (from.byte() % 4 == 0) method.l2 = from.number();
  if (from.byte() % 4 == 0) method.decay = any_of<Schedule>(Schedules{}, from);
  if (from.byte() % 4 == 0) method.average_share = from.number();
  return method;
}

BatchNorm any_batch_norm(Bytes& from) {
  return {from.number(), from.number() / 2, from.byte() % 2 == 0, from.byte() % 4 == 0};
}

Dense any_dense(Bytes& from) {
  Dense layer{from.below(40)};
  layer.activation = Activation{static_cast<int>(from.below(static_cast<std::size_t>(Activations::size)))};
  if (from.byte() % 8 == 0) layer.initializer = any_of<Initializer>(Initializers{}, from);
  if (from.byte() % 4 == 0) layer.batch_norm = any_batch_norm(from);
  return layer;
}

template <class T>
void use(Bytes& from) {
  std::vector<Layer> layers;
  const std::size_t inputs = from.below(40);
  for (std::size_t count = 1 + from.below(4); count > 0; --count) {
    const std::uint8_t kind = from.byte() % 8;
    if (kind == 0) layers.push_back(any_batch_norm(from));
    if (kind == 1) layers.push_back(Dropout{from.number() / 2});
    if (kind > 1) layers.push_back(any_dense(from));
  }
  Network<T> net(inputs, layers, any_of<Loss>(Losses{}, from), from.byte());

  const std::size_t rows = from.below(70), columns = from.byte() % 8 == 0 ? from.below(40) : inputs;
  std::vector<T> x(70 * 40), out(rows * net.outputs());
  for (T& value : x) value = static_cast<T>(from.byte()) / 64;
  x[0] = static_cast<T>(from.number());
  const bool across = from.byte() % 2 == 0;
  const MatrixView<const T> samples = across ? MatrixView<const T>{x.data(), rows, columns, 1, 70}
                                             : MatrixView<const T>{x.data(), rows, columns, 40, 1};
  std::vector<std::int64_t> labels(from.byte() % 8 == 0 ? from.below(70) : rows);
  for (std::int64_t& label : labels) label = from.byte() % 2;
  const Targets y = from.byte() % 2 == 0 ? Targets(std::span<const std::int64_t>(labels))
                                         : Targets(MatrixView<const T>{x.data(), rows, net.outputs(), 40, 1});
  std::vector<double> weights(from.byte() % 2 == 0 ? 0 : from.below(70));
  for (double& weight : weights) weight = from.number();

  net.try_predict(samples, row_major(out.data(), rows, net.outputs()));
  fit(net, {samples, y, weights}, any_method(from),
      {.epochs = from.below(3),
       .batch_size = from.below(70),
       .batches = static_cast<Batches>(from.below(4))});
  net.predict(samples, row_major(out.data(), rows, net.outputs()));
  Network<T>::from_bytes(net.to_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes from(data, size);
  try {
    from.byte() % 2 == 0 ? use<float>(from) : use<double>(from);
  } catch (const Error&) {
  }
  return 0;
}
