#include "plan/averages.hpp"

#include <algorithm>

#include "plan/nodes.hpp"
#include "plan/normalizer.hpp"

namespace fanin {

template <class T>
Averages<T>::Averages(const Nodes<T>& nodes)
    : values_(nodes.table.statistics_size), noted_(nodes.table.statistics_size), weights_(nodes.stages, 1) {
  for (const Normalizer<T>* of : nodes.normalizers) {
    if (of->norm.bias_correction) weights_[of->stage] = 0;
    std::fill_n(variance(*of), of->columns, T{1});
  }
}

template <class T>
T* Averages<T>::mean(const Normalizer<T>& of) const {
  return values_.data() + of.mean;
}
template <class T>
T* Averages<T>::variance(const Normalizer<T>& of) const {
  return values_.data() + of.variance;
}

template <class T>
void Averages<T>::note(const std::vector<Normalizer<T>*>& normalizers, Batch batch) {
  const double rows = static_cast<double>(batch.rows);
  const T unbiased = static_cast<T>(rows / (rows - 1));
  for (const Normalizer<T>* of : normalizers) {
    const Panels<const T> seen = of->seen(batch);
    T *mean = noted_.data() + of->mean, *variance = noted_.data() + of->variance;
    for (std::size_t j = 0; j < of->columns; ++j) {
      mean[j] = seen.at(0, j / kPanel<T>)[j % kPanel<T>] + of->offset()[j];
      variance[j] = of->batch_variance()[j] * unbiased;
    }
  }
}

// With w the weight of all batches, average <- average + (1 - decay) / w (batch - average): where w is 1 the
// plain average, where it is 1 - decay^t the one divided by that.
template <class T>
void Averages<T>::add(const std::vector<Normalizer<T>*>& normalizers) {
  for (const Normalizer<T>* of : normalizers) {
    const double decay = of->norm.decay;
    double& weight = weights_[of->stage];
    if (of->norm.bias_correction) weight = decay * weight + (1 - decay);
    const T share = static_cast<T>((1 - decay) / weight);
    const std::size_t end = of->variance + rounded<T>(of->columns);
    for (std::size_t i = of->mean; i < end; ++i) {
      T& average = values_.data()[i];
      average = without_denormals(average + share * (noted_.data()[i] - average));
    }
  }
}

template <class T>
void Averages<T>::copy(const Averages& other) {
  if (values_.size() > 0) std::memcpy(values_.data(), other.values_.data(), values_.size() * sizeof(T));
  weights_ = other.weights_;
}

template class Averages<float>;
template class Averages<double>;

}  // namespace fanin
