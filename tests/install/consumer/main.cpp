// A typical program: it uses every part of the library that it links with.
#include <fanin/fanin.hpp>
#include <filesystem>
#include <iostream>
#include <vector>

namespace {

template <class T>
bool trains_saves_and_loads(const std::filesystem::path& path) {
  using namespace fanin;
  std::vector<T> x, y;
  for (int i = 0; i < 64; ++i) {
    x.push_back(static_cast<T>(i) / 32 - 1);
    y.push_back(x.back() * x.back());
  }
  const Samples samples = row_major<const T>(x.data(), 64, 1);
  const Targets targets = row_major<const T>(y.data(), 64, 1);
  Network<T> net(1, {{16, activation<Tanh>}, {1}}, SquaredError{}, 1);
  Training<T> training(net, samples, targets, {.batch_size = 16});
  for (int epoch = 0; epoch < 200; ++epoch) training.epoch(Adam{.learning_rate = 0.01});
  net.save(path);
  const Network<T> again = Network<T>::load(path);
  std::vector<T> out(64);
  again.predict(samples, row_major(out.data(), 64, 1));
  return again.to_bytes() == net.to_bytes() && again.evaluate(samples, targets).metric < 0.05;
}

bool mistakes_can_be_caught() {
  try {
    fanin::load("there/is/no/such/file");
  } catch (const fanin::FileError& error) {
    if (error.code == 0) return false;
  }
  try {
    fanin::Network<float> net(0, {{1}}, fanin::SquaredError{});
  } catch (const fanin::ValueError& error) {
    return std::string(error.what()).starts_with("n_inputs");
  }
  return false;
}

bool steps_arrays() {
  std::vector<double> w = {1, 2}, dw = {0.5, 0.5};
  fanin::Optimizer<double> optimizer(fanin::SGD{.learning_rate = 1}, {std::span(w)});
  optimizer.step({std::span<const double>(dw)});
  return w[0] == 0.5 && w[1] == 1.5;
}

bool fits_and_computes() {
  using namespace fanin;
  const std::vector<float> x = {0, 1, 2, 3}, w = {2};
  std::vector<float> z(4);
  dense(row_major(z.data(), 4, 1), row_major(x.data(), 4, 1), row_major(w.data(), 1, 1), {},
        activation<Identity>);
  Network<float> net(1, {{1}}, SquaredError{});
  const Samples samples = row_major(x.data(), 4, 1);
  const History history = fit(net, {samples, row_major(static_cast<const float*>(z.data()), 4, 1)}, Rprop{},
                              {.epochs = 100, .batch_size = 4});
  return z[3] == 6 && history.epochs.back().loss < 0.01;
}

}  // namespace

int main() {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "fanin_consumer.safetensors";
  const bool good = trains_saves_and_loads<float>(path) && trains_saves_and_loads<double>(path) &&
                    mistakes_can_be_caught() && steps_arrays() && fits_and_computes();
  std::filesystem::remove(path);
  std::cout << "fanin on " << fanin::cpu::active()
            << (good ? ": everything works\n" : ": something is wrong\n");
  return good ? 0 : 1;
}
