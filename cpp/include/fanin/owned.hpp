// What an object that can be moved is made of.
#pragma once

#include <memory>
#include <string>

#include "fanin/error.hpp"

namespace fanin {

// Owns the state of an object. Without one, after a move, every use throws ValueError.
template <class State>
class Owned {
 public:
  Owned(std::unique_ptr<State> state) : state_(std::move(state)) {}
  State* operator->() const { return &**this; }
  State& operator*() const {
    if (state_ == nullptr) throw ValueError(std::string(State::name) + ": it was moved from");
    return *state_;
  }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fanin
