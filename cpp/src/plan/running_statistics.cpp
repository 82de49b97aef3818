#include "plan/running_statistics.hpp"

#include <algorithm>

#include "plan/nodes.hpp"
#include "plan/normalizer.hpp"

namespace fanin {

template <class T>
RunningStatistics<T>::RunningStatistics(const Nodes<T>& nodes)
    : values_(nodes.table.statistics_size), noted_(nodes.table.statistics_size), weights_(nodes.stages, 1) {
  for (const Normalizer<T>* of : nodes.normalizers) {
    if (of->norm.bias_correction) weights_[of->stage] = 0;
    std::fill_n(variance(*of), of->columns, T{1});
  }
}

template <class T>
T* RunningStatistics<T>::mean(const Normalizer<T>& of) const {
  return values_.data() + of.mean;
}
template <class T>
T* RunningStatistics<T>::variance(const Normalizer<T>& of) const {
  return values_.data() + of.variance;
}

template <class T>
void RunningStatistics<T>::note(const std::vector<Normalizer<T>*>& normalizers, Batch batch, double of_rows) {
  for (const Normalizer<T>* of : normalizers) {
    const Panels<const T> seen = of->seen(batch);
    // after a layer that gives the last step of sequences, the rows are those
    const double rows = seen.rows == batch.rows ? of_rows : static_cast<double>(seen.rows);
    const T unbiased = static_cast<T>(rows > 1 ? rows / (rows - 1) : 1);
    T *mean = noted_.data() + of->mean, *variance = noted_.data() + of->variance;
    for (std::size_t j = 0; j < of->columns; ++j) {
      mean[j] = seen.at(0, j / kPanel<T>)[j % kPanel<T>] + of->offset()[j];
      variance[j] = of->batch_variance()[j] * unbiased;
    }
  }
}

//   s <- s + (1 - decay) / w (batch - s),   w the weight of all batches
// This is the plain moving average if w is 1; if w is 1 - decay^t, it is that average divided by w.
template <class T>
void RunningStatistics<T>::add(const std::vector<Normalizer<T>*>& normalizers) {
  for (const Normalizer<T>* of : normalizers) {
    const double decay = of->norm.decay;
    double& weight = weights_[of->stage];
    if (of->norm.bias_correction) weight = decay * weight + (1 - decay);
    const T share = static_cast<T>((1 - decay) / weight);
    const std::size_t end = of->variance + rounded<T>(of->columns);
    for (std::size_t i = of->mean; i < end; ++i) {
      T& value = values_.data()[i];
      value = without_denormals(value + share * (noted_.data()[i] - value));
    }
  }
}

template <class T>
void RunningStatistics<T>::copy(const RunningStatistics& other) {
  if (values_.size() > 0) std::memcpy(values_.data(), other.values_.data(), values_.size() * sizeof(T));
  weights_ = other.weights_;
}

template class RunningStatistics<float>;
template class RunningStatistics<double>;

}  // namespace fanin
