#include "testing/fixture.h"

#include <cstdlib>
#include <stdexcept>

namespace skysense::testing {
namespace {

std::filesystem::path fixture_path(const std::string& name) {
  const char* folder = std::getenv("SKYSENSE_FIXTURES");
  if (folder == nullptr) throw std::runtime_error("SKYSENSE_FIXTURES is not set: run parity tests through ctest");
  return std::filesystem::path(folder) / (name + ".safetensors");
}

torch::Dtype dtype_of(ElementType type) {
  switch (type) {
    case ElementType::kF64: return torch::kFloat64;
    case ElementType::kF32: return torch::kFloat32;
    case ElementType::kF16: return torch::kFloat16;
    case ElementType::kBF16: return torch::kBFloat16;
    case ElementType::kI64: return torch::kInt64;
    case ElementType::kI32: return torch::kInt32;
    case ElementType::kI16: return torch::kInt16;
    case ElementType::kI8: return torch::kInt8;
    case ElementType::kU8: return torch::kUInt8;
    case ElementType::kBool: return torch::kBool;
  }
  throw std::logic_error("unknown element type");
}

torch::Tensor copy_of(const TensorView& view) {
  return torch::from_blob(const_cast<std::byte*>(view.bytes.data()), view.shape, dtype_of(view.type)).clone();
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
