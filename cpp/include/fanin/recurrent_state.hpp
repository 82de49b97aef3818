// What recurrent layers carry from one step of a stream to the next.
#pragma once

#include <cstddef>
#include <memory>

#include "fanin/owned.hpp"

#pragma GCC visibility push(default)
namespace fanin {

template <class T>
class Network;

// Made by Network::new_state; copies continue independently. One thread may use it at a time.
template <class T>
class RecurrentState {
 public:
  ~RecurrentState();
  RecurrentState(const RecurrentState&);
  RecurrentState& operator=(const RecurrentState&);
  RecurrentState(RecurrentState&&) noexcept;
  RecurrentState& operator=(RecurrentState&&) noexcept;

  std::size_t rows() const;  // sequences side by side
  void reset();              // to before the first step

 private:
  friend class Network<T>;
  struct Memory;
  explicit RecurrentState(std::unique_ptr<Memory> memory);
  Owned<Memory> memory_;
};

extern template class RecurrentState<float>;
extern template class RecurrentState<double>;

}  // namespace fanin

#pragma GCC visibility pop
