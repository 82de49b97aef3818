// A trained model of tables: its encoder, its networks, and what their outputs mean.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "fanin/network.hpp"
#include "fanin/table.hpp"
#include "fanin/table_encoder.hpp"
#include "fanin/views.hpp"

#pragma GCC visibility push(default)
namespace fanin {

// The number that an output of a network stands for: output * scale + mean, clipped to [low, high]
struct TargetScale {
  double mean = 0, scale = 1;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

// What a model predicts: the probability of each label, or numbers; one of the lists is empty. By
// LogisticLoss with several outputs, a row may have several labels, or none; otherwise it has one. The
// outputs of a Quantile loss with several levels are sorted, so that none crosses another (Chernozhukov et
// al. 2010).
struct TableTask {
  std::vector<std::string> labels =
      {};  // of two or more classes; one output is the probability of the second
  std::vector<TargetScale> targets = {};  // one for each output of a network
};

// Predicts raw rows of a table by the weighted mean of its networks, with the same bits on every instruction
// set and number of threads.
class TableModel {
 public:
  // Weights need not have the sum 1. Throws ValueError unless there is a network, all have as many inputs as
  // the encoder gives columns, as many outputs as the task needs, and losses of the same kind, with levels of
  // quantiles in ascending order, and there is a weight above 0 for each.
  TableModel(TableEncoder encoder, std::vector<Network<float>> networks, std::vector<double> weights,
             TableTask task);

  const TableEncoder& encoder() const { return encoder_; }
  const std::vector<Network<float>>& networks() const { return networks_; }
  const std::vector<double>& weights() const { return weights_; }
  const TableTask& task() const { return task_; }
  std::size_t outputs() const;  // columns of predictions: labels or targets
  bool several_labels() const;  // whether a row may have several labels, each with a probability of its own

  // Rows of probabilities, in the order of the labels, or of targets. If `spread` has rows, too, they become
  // the (weighted) standard deviations of what the networks predict. Columns of the table are found by name.
  // Throws ValueError as TableEncoder::encode does, and for views of other shapes; InterruptedError as
  // Network::predict does.
  void predict(const Table& table, MatrixView<double> out, MatrixView<double> spread = {},
               const std::function<bool()>& interrupted = {}) const;

  // The caller's texts by name, in UTF-8; they are saved with the model.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  void set_metadata(std::map<std::string, std::string> metadata);

  // A safetensors file, or its bytes; written as by Network::save. Throws FileError.
  void save(const std::filesystem::path& path) const;
  std::vector<std::byte> to_bytes() const;

 private:
  TableEncoder encoder_;
  std::vector<Network<float>> networks_;
  std::vector<double> weights_;
  TableTask task_;
  std::map<std::string, std::string> metadata_;
};

// Files are not trusted: a FormatError says what is wrong with one.
TableModel load_table_model(const std::filesystem::path& path);
TableModel table_model_from_bytes(std::span<const std::byte> bytes);

}  // namespace fanin

#pragma GCC visibility pop
