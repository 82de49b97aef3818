// Trains one network by the ranks of MPI, each with rows of its own:
//
//   mpirun -n 2 example_ranks
#include <cmath>
#include <cstdio>
#include <vector>

#include "fanin/fanin.hpp"
#include "fanin/mpi.hpp"

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int result = 0;
  try {
    fanin::MpiCommunicator ranks(MPI_COMM_WORLD);
    // every rank has other rows of y = sin 3 x
    constexpr std::size_t rows = 2000;
    std::vector<float> x, y;
    for (std::size_t i = 0; i < rows; ++i) {
      x.push_back(2 * static_cast<float>(i * ranks.size() + ranks.rank()) /
                      static_cast<float>(rows * ranks.size()) -
                  1);
      y.push_back(std::sin(3 * x.back()));
    }
    fanin::Network<float> net(1, {{32, fanin::activation<fanin::Tanh>}, {1}}, fanin::SquaredError{});
    const fanin::DataSet data{fanin::row_major<const float>(x.data(), rows, 1),
                              fanin::row_major<const float>(y.data(), rows, 1)};
    const fanin::History history =
        fanin::fit(net, data, fanin::Adam{0.01}, {.epochs = 20, .batch_size = 256, .communicator = &ranks});
    if (ranks.rank() == 0) {
      std::printf("%zu ranks, %zu steps: loss %.2g\n", ranks.size(), history.steps.count,
                  history.epochs.back().loss);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
    result = 1;
  }
  MPI_Finalize();
  return result;
}
