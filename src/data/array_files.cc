#include "io/npy.h"
#include "io/npz.h"
#include "lanewise/data.h"

namespace lanewise {

Array load_npy(const std::string& path) { return from_tensor(read_npy(path)); }
void save_npy(const std::string& path, const Array& a) { write_npy(path, a.tensor()); }

std::map<std::string, Array> load_npz(const std::string& path) {
  std::map<std::string, Array> arrays;
  for (auto& [name, tensor] : read_npz(path)) arrays.emplace(name, from_tensor(tensor));
  return arrays;
}

void save_npz(const std::string& path, const std::map<std::string, Array>& arrays) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, a] : arrays) tensors.emplace(name, a.tensor());
  write_npz(path, tensors);
}

}  // namespace lanewise
