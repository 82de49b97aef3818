// Learns from a stream, one sample at a time, with batch norm. Each sample is predicted when it arrives, with
// the running statistics of batch norm; then its target arrives, and every 32 samples the network takes a
// step. Thus no statistics of a single sample are needed, which has no variance.
#include <cmath>
#include <fanin/fanin.hpp>
#include <iostream>

namespace {

// The data: two numbers, with their product as the target. A real stream would be read from somewhere.
class Stream {
 public:
  void next(float* x, float* y) {
    for (int i = 0; i < 2; ++i) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      x[i] = static_cast<float>(state_ >> 40) / 8388608 - 1;
    }
    *y = x[0] * x[1];
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace

int main() {
  constexpr std::size_t batch = 32, samples = 20000, window = 5000;
  using namespace fanin;
  const Dense hidden{.units = 32, .activation = activation<Tanh>, .batch_norm = BatchNorm{.decay = 0.99}};
  Network<float> net(2, {hidden, hidden, Layer(1)}, SquaredError{});
  Method method = Adam{};
  method.learning_rate = InverseTime{.first = 0.02, .steps = 200};

  // the training reads this memory; nothing is allocated from here on
  float x[batch][2] = {}, y[batch] = {};
  Training<float> training(net, row_major(x[0], batch, 2), row_major(y, batch, 1),
                           {.batch_size = batch, .batches = Batches::in_order});
  Stream stream;
  double error = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t place = i % batch;
    stream.next(x[place], &y[place]);

    float guess = 0;
    net.predict(row_major(x[place], 1, 2), row_major(&guess, 1, 1));
    error += std::abs(guess - y[place]);
    if ((i + 1) % window == 0) {
      std::cout << "after " << i + 1 << " samples: mean error " << error / window << "\n";
      error = 0;
    }
    if (place + 1 == batch) training.epoch(method);
  }
}
