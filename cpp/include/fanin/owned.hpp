// The state of a movable object.
#pragma once

#include <memory>
#include <string>

#include "fanin/error.hpp"

namespace fanin {

// Owns an object's state. Once that has been moved away, every use throws ValueError.
template <class State>
class Owned {
 public:
  Owned(std::unique_ptr<State> state) : state_(std::move(state)) {}
  State* operator->() const { return &**this; }
  State& operator*() const {
    if (state_ == nullptr) throw ValueError(std::string(State::name) + ": used after being moved from");
    return *state_;
  }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fanin
