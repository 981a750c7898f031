#include "infer/augmented_extractor.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "data/dihedral.h"

namespace skysense {
namespace {

constexpr std::array<std::pair<TestTimeAugmentation, std::string_view>, 3> kNames = {
    {{TestTimeAugmentation::kNone, "none"},
     {TestTimeAugmentation::kFlips, "flips"},
     {TestTimeAugmentation::kDihedral, "dihedral"}}};

/// The code that undoes one: a mirror image turned is its own inverse, a turn is undone by the rest of the circle.
int64_t inverse_of(int64_t code) { return code >= 4 ? code : (4 - code) % 4; }

TileBatch moved(const TileBatch& batch, int64_t code) {
  TileBatch result = batch;
  for (auto& images : result.times) {
    for (auto& series : images) {
      if (!series) continue;
      series->values = apply_dihedral(series->values, code).contiguous();
      series->valid = apply_dihedral(series->valid, code).contiguous();
    }
  }
  return result;
}

}  // namespace

TestTimeAugmentation parse_augmentation(std::string_view name) {
  for (const auto& [augmentation, known] : kNames) {
    if (known == name) return augmentation;
  }
  throw UsageError(fmt::format("unknown test-time augmentation {}: expected none, flips or dihedral", name));
}

std::string_view augmentation_name(TestTimeAugmentation augmentation) {
  for (const auto& [kind, name] : kNames) {
    if (kind == augmentation) return name;
  }
  throw std::logic_error("unknown test-time augmentation");
}

std::vector<int64_t> dihedral_codes(TestTimeAugmentation augmentation) {
  switch (augmentation) {
    case TestTimeAugmentation::kNone:
      return {0};
    case TestTimeAugmentation::kFlips:
      return {0, 4, 6, 2};  // mirrored left and right; that turned twice is up and down; both are half a turn
    case TestTimeAugmentation::kDihedral:
      return {0, 1, 2, 3, 4, 5, 6, 7};
  }
  throw std::logic_error("unknown test-time augmentation");
}

torch::Tensor AugmentedExtractor::extract(const TileBatch& batch) const {
  if (codes_.size() == 1) return inner_.extract(batch);
  torch::Tensor sum;
  for (const int64_t code : codes_) {
    const torch::Tensor features = apply_dihedral(inner_.extract(moved(batch, code)), inverse_of(code));
    sum = sum.defined() ? sum.add_(features) : features.clone();
  }
  return sum / static_cast<double>(codes_.size());
}

}  // namespace skysense
