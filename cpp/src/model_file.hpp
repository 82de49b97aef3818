// What writes and reads models.
#pragma once

#include "description.hpp"
#include "file.hpp"
#include "model.hpp"
#include "stored.hpp"
#include "tensors.hpp"

namespace fanin {

struct ModelFile {
  template <class T>
  static void write(const Network<T>& network, const Sink& sink);
  template <class T>
  static Network<T> read(Description description, Tensors& tensors);

 private:
  template <class State>
  static auto* base_of(State& net, Place place) {
    return place == Place::shown      ? net.shown()
           : place == Place::trained  ? net.parameters.data()
           : place == Place::averages ? net.averages.values().data()
                                      : net.state.slots.data();
  }
};

}  // namespace fanin
