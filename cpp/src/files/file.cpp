#include "files/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "fanin/error.hpp"

namespace fanin {

FileError::FileError(const std::string& of_path, int of_errno)
    : Error(of_path + ": " + std::generic_category().message(of_errno)), path(of_path), code(of_errno) {}

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) { throw FileError(path.string(), errno); }

template <class F>
auto again(F&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0)
      : value_(again([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); })) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  operator int() const { return value_; }

 private:
  int value_;
};

void write_all(int descriptor, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const std::size_t most = std::min(bytes.size(), std::size_t{1} << 30);
    const ssize_t written = again([&] { return ::write(descriptor, bytes.data(), most); });
    if (written < 0) fail(path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// Where the symbolic links lead, also where nothing is there yet, as with open
std::filesystem::path without_links(std::filesystem::path path) {
  constexpr int most_links = 40;
  for (int i = 0; i < most_links; ++i) {
    std::error_code none;
    if (!std::filesystem::is_symlink(path, none)) return path;
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  throw FileError(path.string(), ELOOP);
}

bool is_at(const Descriptor& descriptor, const std::filesystem::path& path) {
  struct stat opened{}, there{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

// Whoever writes a temporary file holds a lock on it, which the system takes away when a process ends: what
// can be locked was left by one that was killed. Returns whether that was so and the file is gone.
bool remove_leftover(const std::filesystem::path& path) {
  const Descriptor left(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return left >= 0 && ::flock(left, LOCK_EX | LOCK_NB) == 0 && is_at(left, path) &&
         ::unlink(path.c_str()) == 0;
}

// Gone again unless it took the place of the file
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& folder) : descriptor_(create(folder)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int descriptor() const { return descriptor_; }
  // It stays locked until it is no longer a temporary file.
  void replace(const std::filesystem::path& path) {
    if (again([&] { return ::fsync(descriptor_); }) < 0) fail(path);
    if (::rename(path_.c_str(), path.c_str()) < 0) fail(path);
    path_.clear();
  }

 private:
  // The first name that nobody has, after those that were left over are gone
  Descriptor create(const std::filesystem::path& folder) {
    const auto named = [&](std::size_t number) {
      return folder / (".fanin-" + std::to_string(number) + ".tmp");
    };
    for (std::size_t number = 0;; ++number) {
      path_ = named(number);
      remove_leftover(path_);
      Descriptor made(path_, O_WRONLY | O_CREAT | O_EXCL, 0666);
      if (made < 0 && errno == EEXIST) continue;  // somebody is writing it
      if (made < 0) {
        path_.clear();
        fail(folder);
      }
      // before it was locked here another one could take it for left over
      if (::flock(made, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) continue;
      if (!is_at(made, path_)) continue;
      while (remove_leftover(named(++number))) {
      }
      return made;
    }
  }
  std::filesystem::path path_;
  Descriptor descriptor_;
};

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(folder, O_RDONLY | O_DIRECTORY);
  // some file systems cannot, and then there is nothing to be done
  if (opened >= 0 && again([&] { return ::fsync(opened); }) < 0 && errno == EIO) fail(folder);
}

}  // namespace

void MemorySource::read(std::uint64_t begin, void* to, std::size_t count) const {
  if (begin > bytes_.size() || count > bytes_.size() - begin) {
    throw FormatError("expected " + std::to_string(count) + " bytes from byte " + std::to_string(begin) +
                      " on, got " + std::to_string(bytes_.size()) + " bytes in all");
  }
  if (count > 0) std::memcpy(to, bytes_.data() + begin, count);
}

FileSource::FileSource(const std::filesystem::path& path) : path_(path), descriptor_(-1), size_(0) {
  Descriptor opened(path, O_RDONLY | O_NONBLOCK);  // which would wait for somebody to write to a pipe
  struct stat status{};
  if (opened < 0 || ::fstat(opened, &status) < 0) fail(path);
  if (S_ISDIR(status.st_mode)) throw FileError(path.string(), EISDIR);
  if (!S_ISREG(status.st_mode)) throw FormatError("expected a file, got a device or a pipe");
  size_ = static_cast<std::uint64_t>(status.st_size);
  descriptor_ = again([&] { return ::fcntl(opened, F_DUPFD_CLOEXEC, 0); });
  if (descriptor_ < 0) fail(path);
}

FileSource::~FileSource() { ::close(descriptor_); }

void FileSource::read(std::uint64_t begin, void* to, std::size_t count) const {
  auto* out = static_cast<std::byte*>(to);
  while (count > 0) {
    const std::size_t most = std::min(count, std::size_t{1} << 30);
    const ssize_t got = again([&] { return ::pread(descriptor_, out, most, static_cast<off_t>(begin)); });
    if (got < 0) fail(path_);
    if (got == 0) {
      throw FormatError("expected " + std::to_string(count) + " bytes more at byte " + std::to_string(begin) +
                        ", where the file ends");
    }
    begin += static_cast<std::uint64_t>(got);
    out += got;
    count -= static_cast<std::size_t>(got);
  }
}

void write_file(const std::filesystem::path& given, const std::function<void(const Sink&)>& write) {
  const std::filesystem::path path = without_links(given);
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail(path);
  if (exists && S_ISDIR(status.st_mode)) throw FileError(path.string(), EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    const Descriptor device(path, O_WRONLY);
    if (device < 0) fail(path);
    return write([&](std::span<const std::byte> bytes) { write_all(device, bytes, path); });
  }
  if (exists && ::access(path.c_str(), W_OK) < 0) fail(path);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  Temporary temporary(folder);
  if (exists) ::fchmod(temporary.descriptor(), status.st_mode & 07777);
  write([&](std::span<const std::byte> bytes) { write_all(temporary.descriptor(), bytes, path); });
  temporary.replace(path);
  sync_folder(folder);
}

}  // namespace fanin
