// Names of files that systems treat differently, and on Windows files that others have open.
#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <system_error>

#include "fanin/fanin.hpp"

#if defined(_WIN32)
#include <windows.h>
#endif

using namespace fanin;

namespace {

constexpr bool kWindows = sizeof(std::filesystem::path::value_type) > 1;

class FolderOfModels {
 public:
  FolderOfModels() { std::filesystem::create_directory(path_); }
  ~FolderOfModels() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  const std::filesystem::path& path() const { return path_; }
  auto size() const { return std::distance(std::filesystem::directory_iterator(path_), {}); }

 private:
  // Windows lets the standard library use paths of more than 260 characters after this prefix
  static std::filesystem::path of_any_length(const std::filesystem::path& path) {
    return kWindows ? std::filesystem::path(u8"\\\\?\\" + path.u8string()) : path;
  }
  std::filesystem::path path_ = of_any_length(std::filesystem::temp_directory_path() /
                                              ("fanin_paths_" + std::to_string(std::random_device()())));
};

Network<float> net_of_seed(std::uint64_t seed) { return Network<float>(3, {{2}}, SquaredError{}, seed); }

}  // namespace

TEST_CASE("models have names in any script, and messages show them") {
  const FolderOfModels folder;
  for (const char8_t* name : {u8"größe.safetensors", u8"模型.safetensors", u8"модель", u8"🙂"}) {
    const std::filesystem::path path = folder.path() / name;
    for (const std::uint64_t seed : {1u, 2u}) {
      net_of_seed(seed).save(path);
      CHECK(Network<float>::load(path).to_bytes() == net_of_seed(seed).to_bytes());
    }
    std::filesystem::remove(path);
    const std::u8string text = path.u8string();
    try {
      Network<float>::load(path);
      FAIL("a missing file was loaded");
    } catch (const FileError& error) {
      CHECK(error.path == std::string(text.begin(), text.end()));
      CHECK(error.code == ENOENT);
    }
  }
  CHECK(folder.size() == 0);
}

TEST_CASE("models have paths of more than 260 characters") {
  const FolderOfModels folder;
  std::filesystem::path deep = folder.path();
  for (const char letter : {'a', 'b', 'c'})
    std::filesystem::create_directory(deep /= std::string(150, letter));
  const std::filesystem::path path = deep / "model.safetensors",
                              plain = kWindows ? std::filesystem::path(path.u8string().substr(4)) : path;
  REQUIRE(plain.native().size() > 450);
  for (const std::uint64_t seed : {1u, 2u}) {
    net_of_seed(seed).save(plain);
    CHECK(Network<float>::load(plain).to_bytes() == net_of_seed(seed).to_bytes());
    CHECK(Network<float>::load(path).to_bytes() == net_of_seed(seed).to_bytes());
  }
  // remove_all of gcc's library does not reach them on Windows
  for (std::filesystem::path each = path; each != folder.path(); each = each.parent_path()) {
    CHECK(std::filesystem::remove(each));
  }
}

TEST_CASE("a folder is no model, and none is saved where no folder is") {
  const FolderOfModels folder;
  CHECK_THROWS_AS(Network<float>::load(folder.path()), FileError);
  CHECK_THROWS_AS(net_of_seed(1).save(folder.path()), FileError);
  CHECK_THROWS_AS(net_of_seed(1).save(folder.path() / "none" / "model"), FileError);
  CHECK(folder.size() == 0);
}

#if defined(_WIN32)
namespace {

class OpenedByOthers {
 public:
  OpenedByOthers(const std::filesystem::path& path, DWORD access, DWORD share)
      : handle_(::CreateFileW(path.c_str(), access, share, nullptr, OPEN_ALWAYS, 0, nullptr)) {
    REQUIRE(handle_ != INVALID_HANDLE_VALUE);
  }
  ~OpenedByOthers() { ::CloseHandle(handle_); }
  OpenedByOthers(const OpenedByOthers&) = delete;
  OpenedByOthers& operator=(const OpenedByOthers&) = delete;

 private:
  HANDLE handle_;
};

}  // namespace

TEST_CASE("a model that another program has open is unchanged if it cannot be replaced") {
  const FolderOfModels folder;
  const std::filesystem::path path = folder.path() / "model.safetensors";
  net_of_seed(1).save(path);
  for (const DWORD share : {DWORD{0}, DWORD{FILE_SHARE_READ}, DWORD{FILE_SHARE_READ | FILE_SHARE_WRITE}}) {
    const OpenedByOthers other(path, GENERIC_READ, share);
    const std::string message = path.string() + ": Permission denied; another program keeps the file open";
    CHECK_THROWS_WITH_AS(net_of_seed(2).save(path), message.c_str(), FileError);
    CHECK(folder.size() == 1);
    if (share == 0) {
      CHECK_THROWS_WITH_AS(Network<float>::load(path), message.c_str(), FileError);
    } else {
      CHECK(Network<float>::load(path).to_bytes() == net_of_seed(1).to_bytes());
    }
  }
  net_of_seed(2).save(path);
  CHECK(Network<float>::load(path).to_bytes() == net_of_seed(2).to_bytes());
}

TEST_CASE("on Windows, too, temporary files of killed programs are removed and those in use are not") {
  const FolderOfModels folder;
  const std::filesystem::path path = folder.path() / "model.safetensors",
                              in_use = folder.path() / ".fanin-0.tmp";
  for (const char* left : {".fanin-1.tmp", ".fanin-2.tmp"}) {
    const OpenedByOthers killed(folder.path() / left, GENERIC_WRITE, 0);
  }
  const OpenedByOthers writer(in_use, GENERIC_WRITE, 0);
  net_of_seed(1).save(path);
  CHECK(std::filesystem::exists(in_use));
  CHECK(folder.size() == 2);
}

TEST_CASE("a file that Windows shows as read-only is unchanged, and devices are written to") {
  const FolderOfModels folder;
  const std::filesystem::path path = folder.path() / "model.safetensors";
  net_of_seed(1).save(path);
  ::SetFileAttributesW(path.c_str(), FILE_ATTRIBUTE_READONLY);
  CHECK_THROWS_AS(net_of_seed(2).save(path), FileError);
  ::SetFileAttributesW(path.c_str(), FILE_ATTRIBUTE_NORMAL);
  CHECK(Network<float>::load(path).to_bytes() == net_of_seed(1).to_bytes());
  net_of_seed(2).save("NUL");
  CHECK_THROWS_AS(Network<float>::load("NUL"), FormatError);
}
#endif
