#include "files/file.hpp"

#include <cstring>
#include <string>
#include <system_error>

namespace fanin {

FileError::FileError(const std::string& of_path, int of_errno, const std::string& hint)
    : Error(of_path + ": " + std::generic_category().message(of_errno) + hint),
      path(of_path),
      problem(std::generic_category().message(of_errno) + hint),
      code(of_errno) {}

std::string shown(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

void MemorySource::read(std::uint64_t begin, void* to, std::size_t count) const {
  if (begin > bytes_.size() || count > bytes_.size() - begin) {
    throw FormatError("expected " + std::to_string(count) + " bytes at byte " + std::to_string(begin) +
                      ", got only " + std::to_string(bytes_.size()) + " bytes in total");
  }
  if (count > 0) std::memcpy(to, bytes_.data() + begin, count);
}

FormatError ends_early(std::uint64_t at, std::size_t missing) {
  return FormatError("expected " + std::to_string(missing) + " more bytes at byte " + std::to_string(at) +
                     ", got the end of the file");
}

std::vector<std::byte> bytes_written(const std::function<void(const Sink&)>& write) {
  std::vector<std::byte> all;
  write([&](std::span<const std::byte> bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); });
  return all;
}

}  // namespace fanin
