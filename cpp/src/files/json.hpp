// JSON (RFC 8259), strictly: no duplicate keys, no lone surrogates, valid UTF-8, nothing after the value.
//
// A text becomes a flat list of 16-byte nodes, so that memory is limited to a small multiple of the text's
// size, whatever it contains.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::json {

// Texts must be shorter than this; arrays and objects must not be nested more deeply.
inline constexpr std::size_t kLargestText = std::size_t{1} << 24;
inline constexpr int kDeepest = 32;

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

struct Node {
  std::uint32_t begin, end;  // of its text; for a string, inside the quotes
  std::uint32_t next;        // the node after it and its contents
  Kind kind;
  bool escaped;  // a string with a backslash
};

class Value;

class Document {
 public:
  // Throws ValueError with the position of the mistake; messages, including the values', begin with `name`.
  Document(std::string name, std::string text);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  Value root() const;

 private:
  friend class Value;
  std::string name_, text_;
  std::vector<Node> nodes_;  // a key comes before its value
};

// One value of a document, which must outlive it. Asking it for another type throws ValueError.
class Value {
 public:
  const std::string& name() const { return name_; }  // "model: layers[0].units"
  Kind kind() const { return node().kind; }
  bool is_null() const { return kind() == Kind::null; }

  bool boolean() const;
  double number() const;  // including "inf", "-inf" and "nan", which JSON cannot write as numbers
  std::uint64_t whole() const;
  std::string string() const;
  std::vector<Value> elements() const;
  std::vector<std::pair<std::string, Value>> members() const;

  [[noreturn]] void refuse(const std::string& expected) const;

 private:
  friend class Document;
  Value(const Document& document, std::uint32_t index, std::string name)
      : document_(&document), index_(index), name_(std::move(name)) {}
  const Node& node() const { return document_->nodes_[index_]; }
  std::string_view text() const;
  void expect(Kind kind, const char* expected) const;

  const Document* document_;
  std::uint32_t index_;
  std::string name_;
};

// The members of an object by name. `finish` rejects those that were not asked for.
class Object {
 public:
  explicit Object(const Value& value);
  const Value& at(std::string_view key);    // throws ValueError if it is missing
  const Value* find(std::string_view key);  // null if it is missing
  void finish() const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, Value>> members_;
  std::vector<bool> asked_;
};

class Writer {
 public:
  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);
  Writer& number(double value);  // the shortest text that reads back as the same bits
  Writer& whole(std::uint64_t value);
  Writer& boolean(bool value);
  Writer& string(std::string_view value);
  Writer& null();
  const std::string& text() const { return text_; }

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  void separate();
  std::string text_;
  bool first_ = true;
};

}  // namespace fanin::json
