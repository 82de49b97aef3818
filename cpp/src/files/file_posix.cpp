#include "files/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "fanin/error.hpp"

namespace fanin {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path) { throw FileError(shown(path), errno); }

bool errno_is_one_of(std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), errno) != codes.end();
}

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

// Where the symbolic links lead, even if nothing exists there yet, like open()
std::filesystem::path without_links(std::filesystem::path path) {
  constexpr int most_links = 40;
  for (int i = 0; i < most_links; ++i) {
    std::error_code none;
    if (!std::filesystem::is_symlink(path, none)) return path;
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  throw FileError(shown(path), ELOOP);
}

bool is_at(const Descriptor& descriptor, const std::filesystem::path& path) {
  struct stat opened{}, there{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

// Whoever writes a temporary file locks it, and the system releases the lock when the process ends: a file
// that can be locked was left by a killed process. Returns whether there was one and it was removed.
bool remove_leftover(const std::filesystem::path& path) {
  const Descriptor left(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return left >= 0 && ::flock(left, LOCK_EX | LOCK_NB) == 0 && is_at(left, path) &&
         ::unlink(path.c_str()) == 0;
}

// Whether the data are on disk. A file system that does not support fsync, or not of folders, is trusted.
bool synced(int descriptor) {
  return again([&] { return ::fsync(descriptor); }) == 0 ||
         errno_is_one_of({EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS, EPERM, EACCES, EROFS});
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(folder, O_RDONLY | O_DIRECTORY);
  if (opened >= 0 && !synced(opened)) fail(folder);
}

// Removed at the end unless it has replaced the file
class Temporary {
 public:
  // In the same folder; if that is not writable but the file exists, in the folder for temporary files
  Temporary(const std::filesystem::path& folder, bool replaces)
      : mode_(replaces ? 0600 : 0666), descriptor_(create(folder, replaces)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int descriptor() const { return descriptor_; }

  // Removes leftovers with the names that follow.
  void tidy() const {
    const std::filesystem::path folder = path_.parent_path();
    for (std::size_t number = number_ + 1; remove_leftover(named(folder, number)); ++number) {
    }
  }

  // Copies owner and permissions, and returns whether they now equal those of the other file.
  bool resembles(const struct stat& other) const {
    struct stat own{};
    const bool owned =
        ::fstat(descriptor_, &own) == 0 && ((own.st_uid == other.st_uid && own.st_gid == other.st_gid) ||
                                            ::fchown(descriptor_, other.st_uid, other.st_gid) == 0);
    ::fchmod(descriptor_, other.st_mode & 07777);  // after the owner, because chown may clear bits
    return owned && ::fstat(descriptor_, &own) == 0 && own.st_mode == other.st_mode;
  }

  // Whether it is now the file at `path`; it stays locked until it is no longer a temporary file.
  bool replaces(const std::filesystem::path& path) {
    if (::rename(path_.c_str(), path.c_str()) == 0) {
      path_.clear();
      return true;
    }
    if (errno_is_one_of({EBUSY, EXDEV, EPERM, EACCES, EEXIST, EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS}))
      return false;
    fail(path);
  }

  // Overwrites the file at `path`. This file gets a name of its own, and remains there if that fails.
  void copy_to(const std::filesystem::path& path) {
    const Descriptor to(path, O_WRONLY | O_CREAT, 0666);
    if (to < 0) fail(path);
    take_name(path_.parent_path() / (path.filename().string() + ".fanin-new"));
    try {
      std::array<std::byte, 1 << 16> block;
      off_t size = 0;
      for (ssize_t got = 0;; size += got) {
        got = again([&] { return ::pread(descriptor_, block.data(), block.size(), size); });
        if (got < 0) fail(path_);
        if (got == 0) break;
        write_all(to, std::span(block).first(static_cast<std::size_t>(got)), path);
      }
      if (::ftruncate(to, size) < 0 || !synced(to)) fail(path);
    } catch (const FileError& error) {
      const std::string kept = shown(std::exchange(path_, {}));
      throw FileError(error.path, error.code, "; the complete new content is in " + kept);
    }
  }

 private:
  Descriptor create(const std::filesystem::path& folder, bool anywhere) {
    Descriptor made = create_in(folder);
    if (made >= 0) return made;
    const int code = errno;
    if (anywhere && errno_is_one_of({EACCES, EPERM, EROFS})) {
      std::error_code none;
      Descriptor elsewhere = create_in(std::filesystem::temp_directory_path(none));
      if (elsewhere >= 0) return elsewhere;
    }
    throw FileError(shown(folder), code);
  }

  static std::filesystem::path named(const std::filesystem::path& folder, std::size_t number) {
    return folder / (".fanin-" + std::to_string(number) + ".tmp");
  }

  // The first name that is not in use
  Descriptor create_in(const std::filesystem::path& folder) {
    for (number_ = 0;; ++number_) {
      path_ = named(folder, number_);
      remove_leftover(path_);
      Descriptor made(path_, O_RDWR | O_CREAT | O_EXCL, mode_);
      if (made < 0 && errno == EEXIST) continue;  // another writer's
      if (made < 0) {
        path_.clear();
        return made;
      }
      // until it was locked, another writer could take it for a leftover
      if (::flock(made, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) continue;
      if (is_at(made, path_)) return made;
    }
  }

  // Waits for others that are overwriting the same file: the lock is on the file with this name.
  void take_name(const std::filesystem::path& name) {
    for (;;) {
      const Descriptor held(name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
      if (held < 0) fail(name);
      again([&] { return ::flock(held, LOCK_EX); });
      if (!is_at(held, name)) continue;
      if (::rename(path_.c_str(), name.c_str()) < 0) fail(name);
      path_ = name;
      return;
    }
  }

  mode_t mode_;
  std::size_t number_ = 0;
  std::filesystem::path path_;
  Descriptor descriptor_;
};

}  // namespace

struct FileSource::Opened {
  Descriptor descriptor;
};

FileSource::FileSource(const std::filesystem::path& path) : path_(path) {
  Descriptor descriptor(path, O_RDONLY | O_NONBLOCK);  // so that a pipe without a writer does not block
  struct stat status{};
  if (descriptor < 0 || ::fstat(descriptor, &status) < 0) fail(path);
  if (S_ISDIR(status.st_mode)) throw FileError(shown(path), EISDIR);
  if (!S_ISREG(status.st_mode)) throw FormatError("expected a file, got a device or a pipe");
  size_ = static_cast<std::uint64_t>(status.st_size);
  opened_.reset(new Opened{std::move(descriptor)});
}

FileSource::~FileSource() = default;

void FileSource::read(std::uint64_t begin, void* to, std::size_t count) const {
  auto* out = static_cast<std::byte*>(to);
  while (count > 0) {
    const std::size_t most = std::min(count, std::size_t{1} << 30);
    const ssize_t got =
        again([&] { return ::pread(opened_->descriptor, out, most, static_cast<off_t>(begin)); });
    if (got < 0) fail(path_);
    if (got == 0) throw ends_early(begin, count);
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
  if (exists && S_ISDIR(status.st_mode)) throw FileError(shown(path), EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    const Descriptor device(path, O_WRONLY);
    if (device < 0) fail(path);
    return write([&](std::span<const std::byte> bytes) { write_all(device, bytes, path); });
  }
  if (exists && ::access(path.c_str(), W_OK) < 0) fail(path);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  Temporary temporary(folder, exists);
  temporary.tidy();
  const bool alike = !exists || temporary.resembles(status);
  write([&](std::span<const std::byte> bytes) { write_all(temporary.descriptor(), bytes, path); });
  if (!synced(temporary.descriptor())) fail(path);
  if (!alike || !temporary.replaces(path)) temporary.copy_to(path);
  sync_folder(folder);
}

}  // namespace fanin
