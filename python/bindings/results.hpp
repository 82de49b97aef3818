// Arrays for results, with memory that is reused once an array is no longer referenced. The C library returns
// large blocks to the system and allocates them again, page by page on first access, which would take four
// fifths of the time of batch norm and its gradients at 256x512.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "register.hpp"

namespace results {

// Size in bytes of a large result: the C library may return free blocks of twice this size to the system
inline constexpr std::size_t kLarge = std::size_t{1} << 16;
// Bytes to remember at most: two results of 64 MiB
inline constexpr std::size_t kMostBytes = std::size_t{1} << 27;
inline constexpr std::size_t kLine = 64;  // bytes

// Memory of the latest results: byte arrays, each the base of a result, free once nothing else references it
class Latest {
 public:
  using Block = py::array_t<std::uint8_t>;

  // at least this many bytes, at most half as many more, plus a cache line
  Block block(std::size_t bytes) {
    std::optional<Block> found = take_free(bytes);
    if (!found) found.emplace(static_cast<py::ssize_t>(bytes + kLine));
    remember(*found);
    return *std::move(found);
  }

 private:
  static constexpr std::ptrdiff_t kMostBlocks = 64;  // more than a step needs, and quick to search

  static std::size_t size(const Block& block) { return static_cast<std::size_t>(block.size()) - kLine; }
  // Without the GIL a reference count proves nothing, because each thread keeps its own.
  static bool is_free([[maybe_unused]] const Block& block) {
#if PY_VERSION_HEX >= 0x030E0000
    return PyUnstable_Object_IsUniquelyReferenced(block.ptr()) != 0;
#elif defined(Py_GIL_DISABLED)
    return false;
#else
    return Py_REFCNT(block.ptr()) == 1;
#endif
  }

  std::optional<Block> take_free(std::size_t bytes) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) {
      return size(block) >= bytes && size(block) <= bytes + bytes / 2 && is_free(block);
    });
    if (found == blocks_.rend()) return std::nullopt;
    std::optional<Block> taken(std::move(*found));
    blocks_.erase(std::next(found).base());
    return taken;
  }

  void remember(const Block& block) {
    std::vector<Block> forgotten;  // freed without the lock
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    blocks_.push_back(block);
    std::size_t bytes =
        std::transform_reduce(blocks_.begin(), blocks_.end(), std::size_t{0}, std::plus{}, size);
    auto kept = blocks_.begin();
    while (bytes > kMostBytes || blocks_.end() - kept > kMostBlocks) bytes -= size(*kept++);
    forgotten.assign(std::make_move_iterator(blocks_.begin()), std::make_move_iterator(kept));
    blocks_.erase(blocks_.begin(), kept);
  }

  std::mutex mutex_;           // only try_lock: in a forked child it may be locked forever
  std::vector<Block> blocks_;  // the latest last
};

inline Latest& latest() {
  static auto* const all = new Latest;  // never destroyed, because Python may have been finalized before
  return *all;
}

// An array for a result; a large one has the same offset in its cache line as `beside`, in whole elements
template <class T>
py::array_t<T> array(const std::vector<py::ssize_t>& shape, const void* beside) {
  double bytes = sizeof(T);  // a double does not overflow
  for (const py::ssize_t n : shape) bytes *= static_cast<double>(n);
  if (bytes < kLarge || bytes > kMostBytes) return py::array_t<T>(shape);
  const auto block = latest().block(static_cast<std::size_t>(bytes));
  const auto address = reinterpret_cast<std::uintptr_t>(block.data());
  const auto beyond = (reinterpret_cast<std::uintptr_t>(beside) - address) % kLine;
  const auto shift = beyond - beyond % sizeof(T);  // `beside` may be bytes at an odd address
  return py::array_t<T>(shape, reinterpret_cast<const T*>(address + shift), block);
}

}  // namespace results
