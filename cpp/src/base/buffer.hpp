// Memory for panels: aligned to a cache line and zeroed. All but small buffers begin at a page. Large ones
// use huge pages if the system has them: otherwise a pass over several arrays would spend much of its time in
// page tables. Others ask for all their pages at once, which takes less than a fault for each.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace fanin {

inline constexpr std::size_t kPage = 4096;
// From this size on, padding to a page is negligible.
inline constexpr std::size_t kManyBytes = 16 * kPage;

// The length of a row of n numbers in a buffer of several rows that a loop traverses together. A load waits
// for a preceding store if the last 12 bits of their addresses agree, as if it read what was stored: two rows
// 64 bytes apart, modulo a page, take half as long again. Long rows are 512 bytes apart.
template <class T>
constexpr std::size_t row_length(std::size_t n) {
  constexpr std::size_t distance = 512;
  const std::size_t bytes = n * sizeof(T);
  if (bytes < kManyBytes) return n;
  return ((bytes - distance + kPage - 1) / kPage * kPage + distance) / sizeof(T);
}

enum class Cleared { yes, no };

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size, Cleared cleared = Cleared::yes)
      : data_(allocate(size * sizeof(T)), Free{alignment(size * sizeof(T))}), size_(size) {
    if (cleared == Cleared::yes) clear();
  }
  Buffer(const Buffer& other) : Buffer(other.size_, Cleared::no) {
    if (size_ > 0) std::memcpy(data(), other.data(), size_ * sizeof(T));
  }
  Buffer& operator=(const Buffer& other) { return *this = Buffer(other); }
  Buffer(Buffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void clear() {
    if (size_ > 0) std::memset(data_.get(), 0, size_ * sizeof(T));
  }

 private:
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  static std::align_val_t alignment(std::size_t bytes) {
    return std::align_val_t{bytes >= 2 * kHugePage ? kHugePage : bytes >= kManyBytes ? kPage : 64};
  }
  static T* allocate(std::size_t bytes) {
    void* memory = ::operator new[](bytes, alignment(bytes));
#if defined(__linux__)
    if (bytes >= 2 * kHugePage) {
      madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#if defined(MADV_POPULATE_WRITE)
    } else if (bytes >= kManyBytes) {
      madvise(memory, bytes / kPage * kPage, MADV_POPULATE_WRITE);
#endif
    }
#endif
    return static_cast<T*>(memory);
  }
  struct Free {
    std::align_val_t alignment{64};
    void operator()(T* p) const { ::operator delete[](p, alignment); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace fanin
