// Files: read piece by piece, and written completely or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fanin/error.hpp"

namespace fanin {

// In UTF-8 on Windows, else the bytes of the path
std::string shown(const std::filesystem::path& path);

// Bytes with random access.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  // Throws FormatError if there are fewer bytes, and FileError
  virtual void read(std::uint64_t begin, void* to, std::size_t count) const = 0;
};

class MemorySource : public Source {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t begin, void* to, std::size_t count) const override;

 private:
  std::span<const std::byte> bytes_;
};

// Where a file of that size was expected to have more
FormatError ends_early(std::uint64_t at, std::size_t missing);

class FileSource : public Source {
 public:
  explicit FileSource(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t begin, void* to, std::size_t count) const override;

 private:
  struct Opened;  // the system's handle of the file
  std::filesystem::path path_;
  std::unique_ptr<Opened> opened_;
  std::uint64_t size_ = 0;
};

using Sink = std::function<void(std::span<const std::byte>)>;

// Replaces the file at `path`, or where its symbolic links lead, by what `write` passes to the sink; if
// anything fails, the file is unchanged. A temporary file in the same folder replaces it once all data are on
// the disk. Owner and permissions of an existing file are preserved, its hard links are not. Leftovers of
// killed processes are removed by the next write to the folder. Devices and pipes are written to directly.
//   If a rename cannot replace the file, or would change its owner, the complete temporary file overwrites
//   it.
// During the copy it is called "<name>.fanin-new", so that it is not taken for a leftover; if the copy fails,
// it remains and the message names it. Throws FileError.
//   On Windows a new file has the permissions of its folder, and nothing is ever overwritten: a file that
// another program keeps open without sharing its deletion cannot be replaced, and is unchanged.
void write_file(const std::filesystem::path& path, const std::function<void(const Sink&)>& write);
// The bytes that `write` passes to the sink
std::vector<std::byte> bytes_written(const std::function<void(const Sink&)>& write);

}  // namespace fanin
