#include "ranks/ranks.hpp"

#include <algorithm>

#include "fanin/error.hpp"

namespace fanin {

// A sum in which each rank has a place of its own
std::vector<double> Ranks::gather(std::span<const double> values) const {
  std::vector<double> all(size() * values.size());
  std::ranges::copy(values, all.begin() + static_cast<std::ptrdiff_t>(rank() * values.size()));
  sum(std::span(all));
  return all;
}

double Ranks::largest(double value) const {
  if (!many()) return value;
  const std::vector<double> all = gather(value);
  return *std::ranges::max_element(all);
}

void Ranks::check(const std::function<void()>& check) const {
  if (!many()) return check();
  std::string message;
  try {
    check();
  } catch (const std::exception& error) {
    message = error.what();
    if (message.empty()) message = "an error without a message";
  }
  const std::vector<double> sizes = gather(static_cast<double>(message.size()));
  const auto failed = std::ranges::find_if(sizes, [](double size) { return size > 0; });
  if (failed == sizes.end()) return;
  const auto first = static_cast<std::size_t>(failed - sizes.begin());
  std::vector<double> text(static_cast<std::size_t>(*failed));
  for (std::size_t i = 0; rank() == first && i < text.size(); ++i) {
    text[i] = static_cast<unsigned char>(message[i]);
  }
  sum(std::span(text));
  message = "rank " + std::to_string(first) + ": ";
  for (const double c : text) message += static_cast<char>(static_cast<unsigned char>(c));
  throw ValueError(message);
}

}  // namespace fanin
