#include "data/operands.hpp"

#include "data/numbers.hpp"

namespace fanin {
namespace {

std::string text_of(const Named& of) {
  return std::string(of.name) + (of.place < 0 ? "" : "[" + std::to_string(of.place) + "]");
}

void check_pair(const Named& output, const Named& other, const char* kind) {
  if (!overlap(output.memory, other.memory)) return;
  throw ValueError(text_of(output) + ": expected memory apart from " + kind + ", but it overlaps " +
                   text_of(other));
}

template <class Matrix>
std::array<Named, 4> arrays_of(std::string_view name, const Matrix& m) {
  return {{{name, memory_of(m)}}};
}
std::array<Named, 4> arrays_of(std::string_view name, const SparseRows& m) {
  const auto memory = [](const auto& integers) { return memory_of(integers); };
  return {{{name, memory_of(m.values)},
           {name, std::visit(memory, m.column_numbers)},
           {name, std::visit(memory, m.row_starts)}}};
}
std::array<Named, 4> arrays_of(std::string_view name, const CodedRows& m) {
  return {{{name, memory_of(m.dense)},
           {name, memory_of(m.bins)},
           {name, memory_of(m.fractions)},
           {name, memory_of(m.centre)}}};
}

}  // namespace

Memory memory_of(const void* data, std::size_t element_bytes, Axis rows, Axis columns) {
  if (rows.length == 0 || columns.length == 0) return {};
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  Memory memory{address, address + element_bytes};
  for (const Axis& axis : {rows, columns}) {
    if (axis.length == 1) continue;
    (axis.stride < 0 ? memory.begin : memory.end) +=
        (axis.length - 1) * static_cast<std::uintptr_t>(axis.stride);
  }
  return memory;
}

Memory memory_of(const NumberMatrix& m) {
  return memory_of(m.data, size_of(m.type), {m.rows, m.row_stride}, {m.columns, m.column_stride});
}

std::array<Named, 4> operands_of(std::string_view name, const Samples& x) {
  return std::visit([name](const auto& m) { return arrays_of(name, m); }, x);
}

void check_apart(std::span<const Named> outputs, std::span<const Named> inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const Named& input : inputs) check_pair(outputs[i], input, "the inputs");
    for (std::size_t j = 0; j < i; ++j) check_pair(outputs[i], outputs[j], "the other outputs");
  }
}

}  // namespace fanin
