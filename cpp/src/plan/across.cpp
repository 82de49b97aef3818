#include "plan/across.hpp"

#include <algorithm>
#include <numeric>

namespace fanin {
namespace {

// Smaller parts wait for the next one: a message takes as long as some 64 KiB.
constexpr std::size_t kLeastBytes = 65536;

}  // namespace

// Parameters lie layer by layer, so layers that are ready in the order of the backward pass are consecutive.
template <class T>
void Across<T>::divide(const ParameterTable& table) {
  parts_.clear();
  std::size_t end = table.size;
  for (const auto& [layer, phase] : layers_) {
    const auto first = std::ranges::find_if(
        table.trained, [&, of = layer](const ParameterArray& array) { return array.layer == of; });
    if (first == table.trained.end()) continue;
    const std::size_t begin = layer == table.trained.front().layer ? 0 : first->offset;
    const bool joins =
        !parts_.empty() &&
        (parts_.back().phase == phase || (parts_.back().end - parts_.back().begin) * sizeof(T) < kLeastBytes);
    if (!joins) parts_.push_back({phase, begin, end});
    parts_.back().begin = begin;
    parts_.back().phase = phase;
    end = begin;
  }
}

template <class T>
void Across<T>::reserve(std::size_t batches) {
  weights_.resize(batches);
  rows_.resize(batches);
  blocks_before_.resize(batches + 1);
}

template <class T>
void Across<T>::set_batch(std::size_t batch, double weight, std::size_t rows, std::size_t blocks) {
  weights_[batch] = weight;
  rows_[batch] = static_cast<double>(rows);
  blocks_before_[batch + 1] = blocks_before_[batch] + blocks;
}

template <class T>
void Across<T>::begin() {
  ranks_.sum(std::span(weights_));
  ranks_.sum(std::span(rows_));
}

template <class T>
double Across<T>::share_before(std::size_t batch) const {
  const auto middle = weights_.begin() + static_cast<std::ptrdiff_t>(batch);
  if (middle == weights_.end()) return 1;
  return std::accumulate(weights_.begin(), middle, 0.0) /
         std::accumulate(weights_.begin(), weights_.end(), 0.0);
}

template <class T>
void Across<T>::start(const Figures& own) {
  figures_ = {own.loss, own.failed, own.interrupted};
  ranks_.communicator().start_sum(figures_.data(), figures_.size());
}

template <class T>
void Across<T>::continue_after(std::size_t phase, T* gradient) {
  for (const Part& part : parts_) {
    if (part.phase == phase) ranks_.communicator().start_sum(gradient + part.begin, part.end - part.begin);
  }
}

template <class T>
void Across<T>::add_all(T* gradient) {
  for (const Part& part : parts_) {
    ranks_.communicator().start_sum(gradient + part.begin, part.end - part.begin);
  }
}

template <class T>
auto Across<T>::wait() -> Figures {
  ranks_.communicator().wait();
  return {figures_[0], figures_[1], figures_[2]};
}

template class Across<float>;
template class Across<double>;

}  // namespace fanin
