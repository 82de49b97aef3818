// Texts as rows of hashed words.
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "fanin/error.hpp"
#include "fanin/hashed_rows.hpp"
#include "register.hpp"
#include "unlocked.hpp"

namespace {

// As \w and \s of Python's regular expressions. Only tables are read, so the GIL is not needed.
bool is_word_in_python(char32_t c) { return c == '_' || Py_UNICODE_ISALNUM(static_cast<Py_UCS4>(c)); }
bool is_space_in_python(char32_t c) { return Py_UNICODE_ISSPACE(static_cast<Py_UCS4>(c)); }

[[noreturn]] void refuse_surrogate(std::size_t row) {
  const py::error_already_set error;
  const py::object text = error.value().attr("object"), place = error.value().attr("start");
  throw fanin::ValueError("texts: row " + std::to_string(row) +
                          ": expected valid Unicode, got the lone surrogate " +
                          py::repr(text[place]).cast<std::string>());
}

// Some texts, or lists of words, as UTF-8, and what owns the bytes
class TextBatch {
 public:
  explicit TextBatch(std::size_t first_row) : first_row_(first_row) {}
  std::size_t size() const { return rows_.size(); }
  bool full() const { return bytes_ >= kBytes; }

  void add(const py::object& item) {
    const bool words = PyList_Check(item.ptr()) != 0;
    rows_.push_back({parts_.size(), words});
    owners_.push_back(item);
    if (!words) return add_text(item);
    for (const py::handle word : py::reinterpret_borrow<py::list>(item)) add_text(word);
  }

  template <class T>
  void hash_into(fanin::HashedRows<T>& out) const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::span<const std::string_view> parts(parts_);
      const std::size_t end = i + 1 < rows_.size() ? rows_[i + 1].begin : parts.size();
      if (rows_[i].words) {
        out.add_words(parts.subspan(rows_[i].begin, end - rows_[i].begin));
      } else {
        out.add(parts[rows_[i].begin]);
      }
    }
  }

 private:
  static constexpr std::size_t kBytes = std::size_t{1} << 18;  // fits in L2, and the GIL is released rarely

  struct Row {
    std::size_t begin;  // its first part
    bool words;
  };

  void add_text(const py::handle& text) {
    py::ssize_t size = 0;
    const char* data = nullptr;
    if (PyUnicode_IS_COMPACT_ASCII(text.ptr())) {
      data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    } else {  // in memory of its own: the text would keep a copy as long as it lives
      auto bytes = py::reinterpret_steal<py::bytes>(PyUnicode_AsUTF8String(text.ptr()));
      if (!bytes) refuse_surrogate(first_row_ + size_of_complete_rows());
      data = PyBytes_AS_STRING(bytes.ptr());
      size = PyBytes_GET_SIZE(bytes.ptr());
      owners_.push_back(std::move(bytes));
    }
    parts_.emplace_back(data, static_cast<std::size_t>(size));
    bytes_ += static_cast<std::size_t>(size);
  }
  std::size_t size_of_complete_rows() const { return rows_.size() - 1; }

  std::size_t first_row_, bytes_ = 0;
  std::vector<Row> rows_;
  std::vector<std::string_view> parts_;
  std::vector<py::object> owners_;
};

template <class E>
py::array_t<E> array_in(const py::capsule& owner, const std::vector<E>& values) {
  return py::array_t<E>(static_cast<py::ssize_t>(values.size()), values.data(), owner);
}

template <class T>
py::tuple hash_all(const py::iterable& texts, const fanin::TextHashing& options) {
  using Rows = fanin::HashedRows<T>;
  auto rows = std::make_unique<Rows>(options);
  const py::iterator end = py::iterator::sentinel();
  std::size_t count = 0;
  for (py::iterator next = py::iter(texts); next != end;) {
    TextBatch batch(count);
    for (; !batch.full() && next != end; ++next) batch.add(py::reinterpret_borrow<py::object>(*next));
    interruptible([&] { batch.hash_into(*rows); });
    count += batch.size();
  }
  const py::capsule owner(rows.get(), [](void* made) { delete static_cast<Rows*>(made); });
  const Rows& made = *rows.release();
  return py::make_tuple(array_in(owner, made.values()), array_in(owner, made.column_numbers()),
                        array_in(owner, made.row_starts()));
}

fanin::TextUnit unit_of(const std::string& analyzer) {
  if (analyzer == "word") return fanin::TextUnit::words;
  return analyzer == "char" ? fanin::TextUnit::characters : fanin::TextUnit::characters_of_words;
}

fanin::RowNorm norm_named(const std::optional<std::string>& name) {
  if (!name) return fanin::RowNorm::none;
  return *name == "l1" ? fanin::RowNorm::l1 : fanin::RowNorm::l2;
}

py::tuple hash_texts(const py::iterable& texts, const std::string& analyzer, std::size_t columns,
                     std::pair<std::size_t, std::size_t> ngrams, const std::optional<std::string>& norm,
                     bool binary, bool alternate_sign, const std::string& dtype) {
  const fanin::TextHashing options{unit_of(analyzer),  columns, ngrams.first,   ngrams.second,
                                   norm_named(norm),   binary,  alternate_sign, &is_word_in_python,
                                   &is_space_in_python};
  return dtype == "float32" ? hash_all<float>(texts, options) : hash_all<double>(texts, options);
}

}  // namespace

void register_text(py::module_& m) {
  m.def("hash_texts", &hash_texts, py::arg("texts"), py::arg("analyzer"), py::arg("columns"),
        py::arg("ngrams"), py::arg("norm"), py::arg("binary"), py::arg("alternate_sign"), py::arg("dtype"));
}
