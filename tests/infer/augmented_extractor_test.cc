#include "infer/augmented_extractor.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "data/dihedral.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

/// Values weighed by their place in the tile: not symmetric in any way.
class PlaceExtractor : public FeatureExtractor {
 public:
  int64_t width() const override { return 1; }
  torch::Tensor extract(const TileBatch& batch) const override {
    const torch::Tensor values = batch.times[0][Modality::kMs]->values.flatten(0, 2).unsqueeze(1);
    seen.push_back(values);
    const int64_t side = values.size(2);
    return values * torch::arange(side * side, torch::kFloat).view({side, side});
  }
  mutable std::vector<torch::Tensor> seen;
};

TileBatch batch_of(const torch::Tensor& image) {
  TileBatch batch{.side = image.size(0), .tiles = {{0, 0, image.size(0), image.size(0)}}, .times = {}};
  auto& images = batch.times.emplace_back();
  images[Modality::kMs] =
      TileSeries{image.view({1, 1, 1, image.size(0), image.size(1)}),
                 torch::ones({1, 1, image.size(0), image.size(1)}, torch::kBool), torch::zeros({1}, torch::kInt64)};
  return batch;
}

TEST(AugmentedExtractor, IsTheMeanOfEachViewMovedBack) {
  const auto image = torch::rand({5, 5});
  const auto place = torch::arange(25, torch::kFloat).view({5, 5});
  for (const auto augmentation : {TestTimeAugmentation::kFlips, TestTimeAugmentation::kDihedral}) {
    const PlaceExtractor inner;
    const auto found = AugmentedExtractor(inner, augmentation).extract(batch_of(image));
    // What a pixel is weighed by is the mean of its places in all views.
    auto weights = torch::flip(place, {0}) + torch::flip(place, {1}) + torch::flip(place, {0, 1}) + place;
    if (augmentation == TestTimeAugmentation::kDihedral) weights = (weights + weights.t().contiguous()) / 2;
    EXPECT_TRUE(all_close(found, (image * weights / 4).view({1, 1, 5, 5}), 1e-5));
    EXPECT_EQ(inner.seen.size(), dihedral_codes(augmentation).size());
  }
}

TEST(AugmentedExtractor, ViewsDiffer) {
  const PlaceExtractor inner;
  AugmentedExtractor(inner, TestTimeAugmentation::kDihedral).extract(batch_of(torch::rand({4, 4})));
  for (size_t i = 0; i < inner.seen.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(inner.seen[i].equal(inner.seen[j])) << i << " " << j;
  }
}

TEST(AugmentedExtractor, WithoutAugmentationTheBitsAreTheNetworksOwn) {
  const PlaceExtractor inner;
  const auto batch = batch_of(torch::rand({6, 6}));
  EXPECT_TRUE(AugmentedExtractor(inner, TestTimeAugmentation::kNone).extract(batch).equal(inner.extract(batch)));
}

TEST(AugmentedExtractor, NamesAreReadBack) {
  EXPECT_EQ(parse_augmentation("dihedral"), TestTimeAugmentation::kDihedral);
  EXPECT_THROW(parse_augmentation("rot"), UsageError);
}

}  // namespace
}  // namespace skysense
