#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "infer/feature_extractor.h"

namespace skysense {

/// Test-time augmentation: the mean over a tile seen from several sides.
enum class TestTimeAugmentation {
  kNone,
  kFlips,     ///< as it is, mirrored along each axis, and along both: 4 passes
  kDihedral,  ///< the eight flips and quarter turns
};

/// "none", "flips" or "dihedral". Throws UsageError that lists the names.
TestTimeAugmentation parse_augmentation(std::string_view name);
std::string_view augmentation_name(TestTimeAugmentation augmentation);
/// data/dihedral.h's codes of its views, the identity first.
std::vector<int64_t> dihedral_codes(TestTimeAugmentation augmentation);

/// Another extractor's features averaged over moved tiles, each moved back. Averages probabilities where that one gives
/// probabilities.
class AugmentedExtractor : public FeatureExtractor {
 public:
  /// `inner` must outlive it.
  AugmentedExtractor(const FeatureExtractor& inner, TestTimeAugmentation augmentation)
      : inner_(inner), codes_(dihedral_codes(augmentation)) {}
  int64_t width() const override { return inner_.width(); }
  int64_t divisions() const override { return inner_.divisions(); }
  torch::Tensor extract(const TileBatch& batch) const override;

 private:
  const FeatureExtractor& inner_;
  std::vector<int64_t> codes_;
};

}  // namespace skysense
