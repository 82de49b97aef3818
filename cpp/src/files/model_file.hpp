// Writing and reading models.
#pragma once

#include "files/description.hpp"
#include "files/file.hpp"
#include "files/stored.hpp"
#include "files/tensors.hpp"
#include "network/model.hpp"

namespace fanin {

struct ModelFile {
  template <class T>
  static void write(const Network<T>& network, const Sink& sink);
  template <class T>
  static Network<T> read(Description description, Tensors& tensors);

 private:
  template <class State>
  static auto* base_of(State& net, Place place) {
    return place == Place::shown        ? net.shown()
           : place == Place::trained    ? net.parameters.data()
           : place == Place::statistics ? net.statistics.values().data()
                                        : net.state.slots.data();
  }
};

}  // namespace fanin
