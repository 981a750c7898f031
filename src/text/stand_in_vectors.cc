#include "text/stand_in_vectors.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <map>
#include <numeric>

#include "core/random.h"

namespace skysense {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void normalise(Vector& vector) {
  const double length = std::sqrt(dot(vector, vector));
  for (double& value : vector) value /= length;
}

/// Uniform components, not normal ones: they need no logarithm or cosine, whose last bits differ between machines.
Vector drawn_from(const std::string& name, int64_t dim) {
  RandomStream stream(hash_text(name), 0, 0, "stand-in vector");
  Vector vector(static_cast<size_t>(dim));
  for (double& value : vector) value = stream.uniform(-1, 1);
  normalise(vector);
  return vector;
}

void remove_component(Vector& vector, const Vector& unit) {
  const double share = dot(vector, unit);
  for (size_t i = 0; i < vector.size(); ++i) vector[i] -= share * unit[i];
}

}  // namespace

torch::Tensor stand_in_vectors(const std::vector<std::string>& names, int64_t dim) {
  TORCH_CHECK_VALUE(dim > 0, "stand-in vectors of width ", dim);
  std::map<std::string, Vector> vectors;  // in the order of names: what is taken away does not depend on theirs
  for (const std::string& name : names) vectors.emplace(name, Vector());
  TORCH_CHECK_VALUE(vectors.size() == names.size(), "class names must differ");
  const bool orthonormal = std::ssize(names) <= dim;
  for (auto entry = vectors.begin(); entry != vectors.end(); ++entry) {
    Vector& vector = entry->second;
    vector = drawn_from(entry->first, dim);
    for (int pass = 0; orthonormal && pass < 2; ++pass) {  // twice, for what rounding left the first time
      for (auto earlier = vectors.begin(); earlier != entry; ++earlier) remove_component(vector, earlier->second);
      normalise(vector);
    }
  }
  auto rows = at::empty({std::ssize(names), dim}, torch::kFloat32);
  float* out = rows.mutable_data_ptr<float>();
  for (const std::string& name : names) {
    for (const double value : vectors.at(name)) *out++ = static_cast<float>(value);
  }
  return rows;
}

}  // namespace skysense
