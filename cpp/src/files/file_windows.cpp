#define NOMINMAX 1  // as in the standard library of mingw
#include <windows.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "files/file.hpp"

namespace fanin {
namespace {

struct Meaning {
  int code;
  const char* hint;
};

// Messages are in English, unlike those of the system.
Meaning meaning_of(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
      return {ENOENT, ""};
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
      return {EACCES, "; another program keeps the file open"};
    case ERROR_ACCESS_DENIED:
    case ERROR_DELETE_PENDING:
      return {EACCES, ""};
    case ERROR_WRITE_PROTECT:
      return {EROFS, ""};
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      return {ENOSPC, ""};
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
      return {EINVAL, "; Windows does not allow this name"};
    case ERROR_FILENAME_EXCED_RANGE:
      return {ENAMETOOLONG, ""};
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      return {ENOMEM, ""};
    default:
      return {EIO, ""};
  }
}

[[noreturn]] void fail(const std::filesystem::path& path, DWORD error = ::GetLastError()) {
  const Meaning meaning = meaning_of(error);
  const bool unknown = meaning.code == EIO;
  throw FileError(shown(path), meaning.code,
                  unknown ? "; error " + std::to_string(error) + " of Windows" : meaning.hint);
}

// What CreateFileW calls a path of any length: beyond 260 characters it accepts only absolute ones after
// \\?\, with backslashes.
std::wstring of_any_length(const std::filesystem::path& path) {
  const std::wstring& given = path.native();
  const DWORD size = ::GetFullPathNameW(given.c_str(), 0, nullptr, nullptr);
  if (size == 0) fail(path);
  std::wstring full(size, L'\0');
  full.resize(::GetFullPathNameW(given.c_str(), size, full.data(), nullptr));
  if (full.starts_with(L"\\\\?\\") || full.starts_with(L"\\\\.\\")) return full;
  if (full.starts_with(L"\\\\")) return L"\\\\?\\UNC" + full.substr(1);
  return L"\\\\?\\" + full;
}

class Handle {
 public:
  Handle(const std::wstring& path, DWORD access, DWORD share, DWORD create,
         DWORD flags = FILE_ATTRIBUTE_NORMAL)
      : value_(::CreateFileW(path.c_str(), access, share, nullptr, create, flags, nullptr)) {}
  ~Handle() {
    if (*this) ::CloseHandle(value_);
  }
  Handle(Handle&& other) noexcept : value_(std::exchange(other.value_, INVALID_HANDLE_VALUE)) {}
  Handle& operator=(Handle&&) = delete;
  explicit operator bool() const { return value_ != INVALID_HANDLE_VALUE; }
  HANDLE get() const { return value_; }

 private:
  HANDLE value_;
};

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr std::size_t kMost = std::size_t{1} << 30;  // bytes of one call

void write_all(const Handle& handle, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    DWORD written = 0;
    const auto most = static_cast<DWORD>(std::min(bytes.size(), kMost));
    if (::WriteFile(handle.get(), bytes.data(), most, &written, nullptr) == 0) fail(path);
    bytes = bytes.subspan(written);
  }
}

bool is_folder(DWORD attributes) {
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

// Where symbolic links and junctions lead
std::wstring without_links(const Handle& opened, const std::wstring& path) {
  const DWORD size = ::GetFinalPathNameByHandleW(opened.get(), nullptr, 0, VOLUME_NAME_DOS);
  if (size == 0) return path;  // a volume without a letter
  std::wstring last(size, L'\0');
  last.resize(::GetFinalPathNameByHandleW(opened.get(), last.data(), size, VOLUME_NAME_DOS));
  return last;
}

// Written while nobody else can open it, and removed at the end unless it has replaced the file. What a
// killed process left can be removed, because nobody has it open.
class Temporary {
 public:
  Temporary(const std::wstring& folder, const std::filesystem::path& given)
      : handle_(create(folder, given)) {}
  ~Temporary() {
    FILE_DISPOSITION_INFO removed{TRUE};
    if (!replaced_)
      ::SetFileInformationByHandle(handle_.get(), FileDispositionInfo, &removed, sizeof(removed));
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const Handle& handle() const { return handle_; }

  // Removes leftovers with the names that follow.
  void tidy(const std::wstring& folder) const {
    for (std::size_t number = number_ + 1; ::DeleteFileW(named(folder, number).c_str()) != 0; ++number) {
    }
  }

  // It is renamed while it is open, so that it is never taken for a leftover. Virus scanners and indexers
  // open new files for a moment.
  void replace(const std::wstring& path, const std::filesystem::path& given) {
    constexpr int tries = 20;
    for (int i = 0; !(replaced_ = renamed(path)); ++i) {
      const DWORD error = ::GetLastError();
      const bool may_pass = error == ERROR_SHARING_VIOLATION || error == ERROR_ACCESS_DENIED;
      // the file existed and was writable, so access is denied only while others keep it open
      if (i == tries) fail(given, error == ERROR_ACCESS_DENIED ? ERROR_SHARING_VIOLATION : error);
      if (!may_pass) fail(given, error);
      ::Sleep(25);
    }
  }

 private:
  static std::wstring named(const std::wstring& folder, std::size_t number) {
    return folder + L"\\.fanin-" + std::to_wstring(number) + L".tmp";
  }

  // The first name that is not in use
  Handle create(const std::wstring& folder, const std::filesystem::path& given) {
    for (;; ++number_) {
      const std::wstring path = named(folder, number_);
      ::DeleteFileW(path.c_str());
      Handle made(path, GENERIC_READ | GENERIC_WRITE | DELETE, 0, CREATE_NEW);
      if (made) return made;
      const DWORD error = ::GetLastError();
      if (::GetFileAttributesW(path.c_str()) == INVALID_FILE_ATTRIBUTES) fail(given, error);
    }
  }

  // POSIX semantics also replace a file that others have open, if they share its deletion; Windows before 10
  // and some file systems lack them.
  bool renamed(const std::wstring& path) const {
    constexpr DWORD replace_if_exists = 1, posix_semantics = 2;
    constexpr auto file_rename_info_ex = static_cast<FILE_INFO_BY_HANDLE_CLASS>(22);
    return set_name(path, file_rename_info_ex, replace_if_exists | posix_semantics) ||
           set_name(path, FileRenameInfo, replace_if_exists);
  }

  bool set_name(const std::wstring& path, FILE_INFO_BY_HANDLE_CLASS kind, DWORD flags) const {
    const std::size_t bytes = path.size() * sizeof(wchar_t);
    std::vector<std::byte> memory(sizeof(FILE_RENAME_INFO) + bytes);
    auto* info = new (memory.data()) FILE_RENAME_INFO{};
    std::memcpy(info, &flags, sizeof(flags));  // its first member, called ReplaceIfExists in older headers
    info->FileNameLength = static_cast<DWORD>(bytes);
    std::memcpy(info->FileName, path.data(), bytes);
    return ::SetFileInformationByHandle(handle_.get(), kind, info, static_cast<DWORD>(memory.size())) != 0;
  }

  std::size_t number_ = 0;
  bool replaced_ = false;
  Handle handle_;
};

}  // namespace

struct FileSource::Opened {
  Handle handle;
};

FileSource::FileSource(const std::filesystem::path& path) : path_(path) {
  const std::wstring name = of_any_length(path);
  Handle handle(name, GENERIC_READ, kShareAll, OPEN_EXISTING);
  const DWORD error = ::GetLastError();
  if (is_folder(::GetFileAttributesW(name.c_str()))) throw FileError(shown(path), EISDIR);
  if (!handle) fail(path, error);
  if (::GetFileType(handle.get()) != FILE_TYPE_DISK) {
    throw FormatError("expected a file, got a device or a pipe");
  }
  LARGE_INTEGER size{};
  if (::GetFileSizeEx(handle.get(), &size) == 0) fail(path);
  size_ = static_cast<std::uint64_t>(size.QuadPart);
  opened_.reset(new Opened{std::move(handle)});
}

FileSource::~FileSource() = default;

void FileSource::read(std::uint64_t begin, void* to, std::size_t count) const {
  auto* out = static_cast<std::byte*>(to);
  while (count > 0) {
    OVERLAPPED place{};
    place.Offset = static_cast<DWORD>(begin);
    place.OffsetHigh = static_cast<DWORD>(begin >> 32);
    DWORD got = 0;
    if (::ReadFile(opened_->handle.get(), out, static_cast<DWORD>(std::min(count, kMost)), &got, &place) ==
            0 &&
        ::GetLastError() != ERROR_HANDLE_EOF) {
      fail(path_);
    }
    if (got == 0) throw ends_early(begin, count);
    begin += got;
    out += got;
    count -= got;
  }
}

void write_file(const std::filesystem::path& given, const std::function<void(const Sink&)>& write) {
  std::wstring path = of_any_length(given);
  const DWORD attributes = ::GetFileAttributesW(path.c_str());
  if (is_folder(attributes)) throw FileError(shown(given), EISDIR);
  if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY) != 0) {
    fail(given, ERROR_ACCESS_DENIED);
  }
  {
    const Handle existing(path, GENERIC_WRITE, kShareAll, OPEN_EXISTING);
    if (!existing && ::GetLastError() != ERROR_FILE_NOT_FOUND) fail(given);
    if (existing && ::GetFileType(existing.get()) != FILE_TYPE_DISK) {
      return write([&](std::span<const std::byte> bytes) { write_all(existing, bytes, given); });
    }
    if (existing) path = without_links(existing, path);
  }
  const std::wstring folder = path.substr(0, path.find_last_of(L'\\'));
  Temporary temporary(folder, given);
  temporary.tidy(folder);
  write([&](std::span<const std::byte> bytes) { write_all(temporary.handle(), bytes, given); });
  if (::FlushFileBuffers(temporary.handle().get()) == 0) fail(given);
  temporary.replace(path, given);
}

}  // namespace fanin
