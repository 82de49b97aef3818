// Failures of file systems, simulated by replacing functions of the C library.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#ifdef __GLIBC__  // these definitions match its declarations
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fanin/error.hpp"
#include "files/file.hpp"

namespace {

// The errno of each failure, or 0: rename to "model", fsync of a file and of a folder, change of owner or
// size
struct Refused {
  int rename = 0, sync_file = 0, sync_folder = 0, owner = 0, size = 0;
} refused;

int refuse(int code) {
  errno = code;
  return -1;
}

bool is_folder(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

extern "C" {
int rename(const char* from, const char* to) noexcept {
  if (refused.rename != 0 && std::string(to).ends_with("/model")) return refuse(refused.rename);
  return ::renameat(AT_FDCWD, from, AT_FDCWD, to);
}
int fsync(int descriptor) {
  const int code = is_folder(descriptor) ? refused.sync_folder : refused.sync_file;
  return code != 0 ? refuse(code) : ::fdatasync(descriptor);
}
int fchown(int descriptor, uid_t user, gid_t group) noexcept {
  if (refused.owner != 0) return refuse(refused.owner);
  return ::fchownat(descriptor, "", user, group, AT_EMPTY_PATH);
}
int ftruncate(int descriptor, off_t size) noexcept {
  if (refused.size != 0) return refuse(refused.size);
  return static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
}
}

using namespace fanin;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("fanin_test_write_file_" + std::to_string(std::random_device()()));
  std::filesystem::path model = path / "model";
  Folder() {
    std::filesystem::create_directories(path);
    std::ofstream(model) << "the old one, which is longer";
  }
  ~Folder() {
    refused = {};
    std::filesystem::remove_all(path);
  }
  void save(const std::string& text) const {
    write_file(model, [&](const Sink& sink) { sink(std::as_bytes(std::span(text))); });
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path)) all.insert(entry.path().filename());
    return all;
  }
};

}  // namespace

TEST_CASE("a file that a rename cannot replace is overwritten") {
  const Folder folder;
  std::filesystem::create_hard_link(folder.model, folder.path / "the same file");
  for (const int code : {EBUSY, EXDEV, EPERM, EACCES, EEXIST, EINVAL, ENOTSUP, ENOSYS}) {
    refused = {.rename = code};
    const std::string text = "new " + std::to_string(code);
    folder.save(text);
    CHECK(content(folder.model) == text);
    CHECK(content(folder.path / "the same file") == text);
  }
  CHECK(folder.names() == std::set<std::string>{"model", "the same file"});
  std::filesystem::remove(folder.model);  // a file system without rename
  folder.save("another");
  CHECK(content(folder.model) == "another");
}

TEST_CASE("if a rename fails for another reason, the old file is unchanged") {
  const Folder folder;
  for (const int code : {EIO, ENOSPC}) {
    refused = {.rename = code};
    CHECK_THROWS_AS(folder.save("new"), FileError);
    CHECK(content(folder.model) == "the old one, which is longer");
  }
  CHECK(folder.names() == std::set<std::string>{"model"});
}

TEST_CASE("if overwriting a file fails, the message names the file with the new content") {
  const Folder folder;
  refused = {.rename = EBUSY, .size = EIO};
  const std::string kept = folder.model.string() + ".fanin-new",
                    words = folder.model.string() + ": Input/output error; the complete new content is in " +
                            kept;
  CHECK_THROWS_WITH_AS(folder.save("new"), words.c_str(), FileError);
  CHECK(content(kept) == "new");
  CHECK_THROWS_WITH_AS(folder.save("newer"), words.c_str(), FileError);
  CHECK(content(kept) == "newer");
  refused = {.rename = EBUSY};
  folder.save("newest");
  CHECK(content(folder.model) == "newest");
  CHECK(folder.names() == std::set<std::string>{"model"});
}

TEST_CASE("a file system without fsync does no harm, and a failing disk is reported") {
  const Folder folder;
  for (const int code : {EINVAL, ENOTSUP, EPERM, ENOSYS}) {
    refused = {.sync_file = code, .sync_folder = code};
    folder.save(std::to_string(code));
    CHECK(content(folder.model) == std::to_string(code));
  }
  refused = {.sync_file = EIO};
  CHECK_THROWS_AS(folder.save("new"), FileError);
  CHECK(content(folder.model) == std::to_string(ENOSYS));
  refused = {.sync_folder = EIO};
  CHECK_THROWS_AS(folder.save("new"), FileError);
  CHECK(content(folder.model) == "new");
  CHECK(folder.names() == std::set<std::string>{"model"});
}

TEST_CASE("a file with an owner that the new one cannot have is overwritten, so that it keeps its owner") {
  const Folder folder;
  if (::getuid() != 0 || ::chown(folder.model.c_str(), 12345, 12345) != 0) return;
  struct stat before{}, after{};
  REQUIRE(::stat(folder.model.c_str(), &before) == 0);
  refused = {.owner = EPERM};
  folder.save("new");
  REQUIRE(::stat(folder.model.c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(after.st_uid == 12345);
  CHECK(content(folder.model) == "new");
}
#endif
