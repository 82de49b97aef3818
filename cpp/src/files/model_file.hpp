// Writing and reading networks, alone or as parts of a larger file.
#pragma once

#include "files/description.hpp"
#include "files/file.hpp"
#include "files/safetensors.hpp"
#include "files/stored.hpp"
#include "files/tensors.hpp"
#include "network/model.hpp"

namespace fanin {

struct ModelFile {
  // Reads the network until it is destroyed: training waits, or throws BusyError.
  template <class T>
  class Writer {
   public:
    explicit Writer(const Network<T>& network);
    const Description& description() const { return description_; }
    const std::vector<safetensors::Tensor>& tensors() const { return tensors_; }
    void write_values(const Sink& sink) const;  // of all tensors, in order

   private:
    const typename Network<T>::State& net_;
    const Access::Reading reading_;
    Description description_;
    std::vector<InitialArray> initial_;
    std::vector<double> encoder_numbers_;  // of the input layer's encoder
    std::vector<StoredArray> arrays_;
    SolverMemory<T> memory_;
    std::vector<safetensors::Tensor> tensors_;
  };
  // Takes all tensors of the network.
  template <class T>
  static Network<T> read(Description description, Tensors& tensors);
  // The buffer of a place
  template <class State>
  static auto* base_of(State& net, Place place) {
    return place == Place::shown        ? net.shown()
           : place == Place::trained    ? net.parameters.data()
           : place == Place::statistics ? net.statistics.values().data()
                                        : net.state.slots.data();
  }
};

}  // namespace fanin
