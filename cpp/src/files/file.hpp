// Files: read piece by piece, and written as a whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

namespace fanin {

// Bytes that can be read from any place.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  // Throws FormatError where there are fewer bytes, FileError
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

class FileSource : public Source {
 public:
  explicit FileSource(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t begin, void* to, std::size_t count) const override;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_;
};

using Sink = std::function<void(std::span<const std::byte>)>;

// The file at `path`, or where its symbolic links lead, is what `write` gives the sink, or, where anything
// goes wrong, what it was: a temporary file in the same folder takes its place when all is on the disk. A
// file that is there keeps owner and permissions, but not its hard links. What a killed process left goes
// with the next file of the folder. Devices and pipes are written to as they are.
//   Where a rename cannot replace the file, or would change its owner, the temporary file, whole and on the
// disk, is copied over it. Meanwhile it is called "<name>.fanin-new", so that nobody takes it for left over;
// where the copy fails it stays, and the message names it. Throws FileError.
void write_file(const std::filesystem::path& path, const std::function<void(const Sink&)>& write);

}  // namespace fanin
