// mlpack's nets of float, behind functions in C.

#include <memory>
#include <mlpack.hpp>

namespace {

using Matrix = arma::fmat;

// What a fit leaves: the state of the optimizer stays in it.
class Net {
 public:
  virtual ~Net() = default;
  virtual double loss(Matrix x, Matrix y) = 0;
  virtual void train(Matrix x, Matrix y) = 0;
  virtual void predict(const Matrix& x, Matrix& outputs) = 0;
};

template <class Loss, template <class...> class Hidden, class Optimizer>
class NetOf : public Net {
 public:
  NetOf(const unsigned* sizes, unsigned count, const float* weights, Optimizer optimizer)
      : optimizer_(optimizer) {
    for (unsigned i = 1; i < count; ++i) {
      net_.template Add<mlpack::Linear>(sizes[i]);
      if (i + 1 < count) net_.template Add<Hidden>();
    }
    if (std::is_same_v<Loss, mlpack::NegativeLogLikelihoodType<Matrix>>)
      net_.template Add<mlpack::LogSoftMax>();
    net_.Reset(sizes[0]);
    std::copy_n(weights, net_.Parameters().n_elem, net_.Parameters().memptr());
  }

  double loss(Matrix x, Matrix y) override { return net_.Evaluate(x, y); }
  void train(Matrix x, Matrix y) override {
    optimizer_.MaxIterations() = x.n_cols;
    net_.Train(std::move(x), std::move(y), optimizer_);
  }
  void predict(const Matrix& x, Matrix& outputs) override { net_.Predict(x, outputs, x.n_cols); }

 private:
  mlpack::FFN<Loss, mlpack::RandomInitialization, Matrix> net_;
  Optimizer optimizer_;
};

Matrix view(const float* of, unsigned rows, unsigned columns) {
  return {const_cast<float*>(of), rows, columns, false};
}

}  // namespace

extern "C" {

const char* mlpack_version() {
  static const std::string version = mlpack::util::GetVersion();
  return version.c_str();
}

// Weights are those of each layer, (inputs, units) row by row, then its biases. Adam trains a soft-max of
// rectified units, with the rate of one sample for sums over a batch; SGD and Adam the squared error of tanh
// units.
Net* mlpack_net(const unsigned* sizes, unsigned count, const float* weights, bool classes, bool adam,
                double rate, unsigned batch) {
  const ens::Adam with_adam(rate, batch, 0.9, 0.999, 1e-8, 1, 0, true, false);
  ens::StandardSGD sgd(rate, batch, 1, 0, true, ens::VanillaUpdate(), ens::NoDecay(), false);
  using Likelihood = mlpack::NegativeLogLikelihoodType<Matrix>;
  using Square = mlpack::MeanSquaredErrorType<Matrix>;
  if (classes) return new NetOf<Likelihood, mlpack::ReLU, ens::Adam>(sizes, count, weights, with_adam);
  if (adam) return new NetOf<Square, mlpack::TanH, ens::Adam>(sizes, count, weights, with_adam);
  return new NetOf<Square, mlpack::TanH, ens::StandardSGD>(sizes, count, weights, sgd);
}

double mlpack_loss(Net* net, const float* x, unsigned inputs, const float* y, unsigned outputs,
                   unsigned rows) {
  return net->loss(view(x, inputs, rows), view(y, outputs, rows));
}

// Trains on rows, each a column of mlpack's; it may shuffle them in place.
void mlpack_train(Net* net, float* x, unsigned inputs, float* y, unsigned outputs, unsigned rows) {
  net->train(view(x, inputs, rows), view(y, outputs, rows));
}

void mlpack_predict(Net* net, const float* x, unsigned inputs, float* to, unsigned outputs, unsigned rows) {
  Matrix found = view(to, outputs, rows);
  net->predict(view(x, inputs, rows), found);
}
}
