#include "allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

using fanin::test::allocations, fanin::test::first_to_fail;

#if defined(_WIN32)  // its aligned memory has a free of its own
void* allocated(std::size_t size, std::size_t alignment) { return _aligned_malloc(size, alignment); }
void freed(void* p) { _aligned_free(p); }
#else
void* allocated(std::size_t size, std::size_t alignment) {
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void freed(void* p) { std::free(p); }
#endif

void* counted(std::size_t size, std::size_t alignment) {
  if (allocations.fetch_add(1) >= first_to_fail.load()) throw std::bad_alloc();
  void* memory = allocated(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Not inlined: if gcc sees through a delete, it warns that it does not match the new.
[[gnu::noinline]] void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { freed(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { freed(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { freed(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { freed(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { freed(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { freed(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { freed(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { freed(p); }
