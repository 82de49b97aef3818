#include <algorithm>
#include <deque>

#include "base/json_string.hpp"
#include "fanin/error.hpp"
#include "files/json.hpp"

namespace fanin::json {
namespace {

class Parser {
 public:
  Parser(const std::string& name, std::string_view text, std::vector<Node>& nodes)
      : name_(name), text_(text), nodes_(nodes) {}

  void parse() {
    blanks();
    value(0);
    blanks();
    if (at_ < text_.size()) fail("expected the end of the text");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ValueError(name_ + ": not valid JSON: " + what + " at byte " + std::to_string(at_));
  }

  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("expected '") + c + "'");
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r' &&
                                                        text_[at_] != '\v' && text_[at_] != '\f'))) {
      ++at_;
    }
  }

  std::size_t begin(Kind kind) {
    nodes_.push_back({static_cast<std::uint32_t>(at_), 0, 0, kind, false});
    return nodes_.size() - 1;
  }
  void end(std::size_t node) {
    nodes_[node].end = static_cast<std::uint32_t>(at_);
    nodes_[node].next = static_cast<std::uint32_t>(nodes_.size());
  }

  void value(int depth) {
    if (next_is('{')) return object(depth);
    if (next_is('[')) return array(depth);
    if (next_is('"')) return string();
    if (text_.substr(at_, 4) == "null") return word(Kind::null, 4);
    if (text_.substr(at_, 4) == "true") return word(Kind::boolean, 4);
    if (text_.substr(at_, 5) == "false") return word(Kind::boolean, 5);
    number();
  }

  void word(Kind kind, std::size_t length) {
    const std::size_t node = begin(kind);
    at_ += length;
    end(node);
  }

  std::size_t digits() {
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == first) fail("expected a value");
    return at_ - first;
  }

  void number() {
    const std::size_t node = begin(Kind::number);
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('-')) take('+');
      digits();
    }
    end(node);
  }

  void string() {
    expect('"');
    const std::size_t node = begin(Kind::string);
    const StringEnd found = find_end_of_string(text_, at_);
    at_ = found.at;
    if (found.mistake != nullptr) fail(found.mistake);
    end(node);
    nodes_[node].escaped = found.escaped;
    ++at_;
  }

  void deeper(int depth) const {
    if (depth >= kDeepest)
      fail("expected at most " + std::to_string(kDeepest) + " levels of nesting, got more");
  }

  void array(int depth) {
    deeper(depth);
    const std::size_t node = begin(Kind::array);
    ++at_;
    blanks();
    if (!take(']')) {
      do {
        blanks();
        value(depth + 1);
        blanks();
      } while (take(','));
      expect(']');
    }
    end(node);
  }

  void object(int depth) {
    deeper(depth);
    const std::size_t node = begin(Kind::object);
    ++at_;
    blanks();
    if (!take('}')) {
      do {
        blanks();
        string();
        blanks();
        expect(':');
        blanks();
        value(depth + 1);
        blanks();
      } while (take(','));
      expect('}');
    }
    end(node);
    refuse_duplicates(node);
  }

  void refuse_duplicates(std::size_t object) const {
    std::vector<std::string_view> keys;
    std::deque<std::string> unescaped;  // its elements do not move
    for (std::size_t i = object + 1; i < nodes_[object].next; i = nodes_[i + 1].next) {
      const std::string_view key = text_.substr(nodes_[i].begin, nodes_[i].end - nodes_[i].begin);
      keys.push_back(nodes_[i].escaped ? unescaped.emplace_back(unescape(key)) : key);
    }
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) fail("duplicate key \"" + shortened(*twice) + "\"");
  }

  const std::string& name_;
  std::string_view text_;
  std::vector<Node>& nodes_;
  std::size_t at_ = 0;
};

}  // namespace

Document::Document(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  if (text_.size() >= kLargestText) {
    throw ValueError(name_ + ": expected a text shorter than " + std::to_string(kLargestText) +
                     " bytes, got " + std::to_string(text_.size()));
  }
  Parser(name_, text_, nodes_).parse();
}

Value Document::root() const { return {*this, 0, name_}; }

}  // namespace fanin::json
