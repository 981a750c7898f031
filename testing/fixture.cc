#include "testing/fixture.h"

#include <cstdlib>
#include <stdexcept>

#include "engine/tensor_io.h"

namespace skysense::testing {
namespace {

std::filesystem::path fixture_path(const std::string& name) {
  const char* folder = std::getenv("SKYSENSE_FIXTURES");
  if (folder == nullptr) throw std::runtime_error("SKYSENSE_FIXTURES is not set: run parity tests through ctest");
  return std::filesystem::path(folder) / (name + ".safetensors");
}

}  // namespace

Fixture::Fixture(const std::string& name) : file_(fixture_path(name)) {}

torch::Tensor Fixture::operator[](const std::string& name) const {
  const TensorView* view = file_.find(name);
  if (view == nullptr) throw std::runtime_error(file_.path().string() + ": no tensor " + name);
  return copy_of(*view);
}

std::map<std::string, torch::Tensor> Fixture::with_prefix(const std::string& prefix) const {
  std::map<std::string, torch::Tensor> tensors;
  for (const TensorView& view : file_.tensors()) {
    if (view.name.starts_with(prefix)) tensors[view.name.substr(prefix.size())] = copy_of(view);
  }
  return tensors;
}

}  // namespace skysense::testing
