// Serves a model trained in Python or C++: each line of numbers, from standard input or a file, is a sample
// and is answered by a line of outputs: serve model.safetensors [file]. Separators are spaces or commas.
#include <algorithm>
#include <fanin/fanin.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

template <class T>
void serve(const fanin::Network<T>& net, std::istream& in) {
  std::vector<T> x(net.inputs()), out(net.outputs());
  const fanin::Samples sample = fanin::row_major(x.data(), 1, x.size());
  for (std::string line; std::getline(in, line);) {
    std::string spaced = line;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    std::istringstream numbers(spaced);
    std::size_t count = 0;
    for (T value; numbers >> value; ++count) {
      if (count < x.size()) x[count] = value;
    }
    if (count != x.size() || !numbers.eof()) {
      std::cout << "error: expected " << x.size() << " numbers, got \"" << line << "\"" << std::endl;
      continue;
    }
    if (!net.try_predict(sample, fanin::row_major(out.data(), 1, out.size()))) {
      std::cout << "error: expected finite numbers" << std::endl;
      continue;
    }
    for (std::size_t j = 0; j < out.size(); ++j) std::cout << (j > 0 ? " " : "") << out[j];
    std::cout << std::endl;  // flush, because the client is waiting
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: serve model.safetensors [file]\n";
    return 2;
  }
  try {
    const fanin::AnyNetwork any = fanin::load(argv[1]);
    std::ifstream file;
    if (argc == 3) {
      file.open(argv[2]);
      if (!file) throw fanin::Error(std::string(argv[2]) + ": cannot be read");
    }
    std::visit([&](const auto& net) { serve(net, argc == 3 ? file : std::cin); }, any);
  } catch (const fanin::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
