// Memory for panels: aligned to a cache line, zero at first. What is not small begins at a page. Large ones
// lie on huge pages where the system has them: a pass over several arrays would else spend much of its time
// in page tables.
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
// From so many bytes on the padding of a page is nothing.
inline constexpr std::size_t kManyBytes = 16 * kPage;

// The length of a row of n numbers among several in one buffer that a loop goes through side by side. A load
// waits for a store just before it, as if it read what is written, where the addresses agree in their last 12
// bits: 64 bytes apart, pages aside, two rows take half as long again. Long ones are 512 bytes apart.
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
    if (bytes >= 2 * kHugePage) madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
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
