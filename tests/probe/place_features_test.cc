#include "probe/place_features.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "data/normalise.h"
#include "eval/pixel_statistics.h"
#include "probe/probe_features.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_model.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

ImageSeries random_series(int64_t dates, int64_t side, uint64_t seed) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return {torch::rand({dates, 2, side, side}, generator), torch::ones({dates, side, side}, torch::kBool),
          torch::arange(1, dates + 1) * 30};
}

PlaceSample place(const std::string& id, std::optional<int64_t> scene_class, int64_t ms_dates, int64_t side,
                  uint64_t seed) {
  PlaceSample sample;
  sample.id = id;
  sample.scene_class = scene_class;
  sample.images[Modality::kMs] = random_series(ms_dates, side, seed);
  return sample;
}

/// The sample with one more MS date, of which no pixel is valid.
PlaceSample with_invalid_date(PlaceSample sample) {
  ImageSeries& series = *sample.images[Modality::kMs];
  series.values = torch::cat({series.values, torch::full_like(series.values.slice(0, 0, 1), NAN)});
  series.valid = torch::cat({series.valid, torch::zeros_like(series.valid.slice(0, 0, 1))});
  series.day_of_year = torch::cat({series.day_of_year, torch::tensor({200}, torch::kInt64)});
  return sample;
}

class PlaceFeaturesTest : public ::testing::Test {
 protected:
  PlaceEncoder encoder(FeatureSource source) const { return {product_, source, torch::kCPU, torch::kFloat32}; }

  testing::TemporaryFolder folder_;
  const Product product_ = testing::nano_model(folder_.path());
};

TEST_F(PlaceFeaturesTest, AreTheMeanOfTheStageFourMapOverCellsAndDates) {
  const PlaceSample sample = place("a", 0, 3, 16, 1);
  const ImageSeries& series = *sample.images[Modality::kMs];
  SkysenseModel model = product_.model;
  const torch::NoGradGuard no_gradients;
  const auto map =
      model->encode(Modality::kMs, normalise(series.values, series.valid, *product_.contracts[Modality::kMs]))
          .stages[3];
  const auto features = encoder(Modality::kMs)({&sample});
  EXPECT_TRUE(all_close(features[0], map.mean({0, 1, 2}), 1e-4, 1e-5));
}

TEST_F(PlaceFeaturesTest, DoNotDependOnTheOtherPlacesOfABatch) {
  const PlaceSample small = place("a", 0, 2, 12, 1), large = place("b", 1, 1, 20, 2), again = place("c", 1, 1, 12, 3);
  for (const FeatureSource source : {FeatureSource(Modality::kMs), FeatureSource()}) {
    const PlaceEncoder encode = encoder(source);
    const auto together = encode({&small, &large, &again});
    EXPECT_TRUE(all_close(together[0], encode({&small})[0], 1e-4, 1e-5));
    EXPECT_TRUE(all_close(together[1], encode({&large})[0], 1e-4, 1e-5));
    EXPECT_TRUE(all_close(together[2], encode({&again})[0], 1e-4, 1e-5));
  }
}

TEST_F(PlaceFeaturesTest, FusedFeaturesHaveTheContextOfTheirRegion) {
  PlaceSample here = place("a", 0, 2, 12, 1), nowhere = here;
  here.longitude_deg = 24.9;
  here.latitude_deg = 60.2;
  Product informed = product_;
  informed.prototypes.emplace(64, 4, product_.options.fusion_dim);
  informed.prototypes->values()[EarthRegions(64).region_of(24.9, 60.2)] += torch::rand({4, 1}) + 0.5;
  const PlaceEncoder plain = encoder({}), with(informed, {}, torch::kCPU, torch::kFloat32);
  EXPECT_TRUE(torch::equal(plain({&here}), plain({&nowhere})));
  EXPECT_TRUE(torch::equal(with({&nowhere}), plain({&nowhere})));
  EXPECT_FALSE(all_close(with({&here}), plain({&here}), 1e-2, 1e-2));
}

TEST_F(PlaceFeaturesTest, ADateWithoutValidPixelsChangesNothing) {
  const PlaceSample plain = place("a", 0, 2, 12, 1), padded = with_invalid_date(plain);
  for (const FeatureSource source : {FeatureSource(Modality::kMs), FeatureSource()}) {
    EXPECT_TRUE(all_close(encoder(source)({&padded}), encoder(source)({&plain}), 1e-4, 1e-5))
        << feature_source_name(source);
    EXPECT_TRUE(all_close(place_pixel_statistics({&padded}, source, product_.contracts),
                          place_pixel_statistics({&plain}, source, product_.contracts)));
  }
}

TEST_F(PlaceFeaturesTest, FusedOnesUseEveryModality) {
  PlaceSample sample = place("a", 0, 2, 12, 1);
  const auto ms_alone = encoder({})({&sample});
  sample.images[Modality::kSar] = random_series(1, 12, 9);
  const auto with_sar = encoder({})({&sample});
  EXPECT_EQ(ms_alone.sizes(), (torch::IntArrayRef{1, product_.options.fusion_dim}));
  EXPECT_TRUE(torch::isfinite(with_sar).all().item<bool>());
  EXPECT_FALSE(all_close(with_sar, ms_alone, 1e-3, 1e-4));
}

TEST_F(PlaceFeaturesTest, PixelStatisticsOfTheFusedSourceHaveOneWidthWhateverIsMissing) {
  const PlaceSample sample = place("a", 0, 1, 12, 1);
  const auto statistics = place_pixel_statistics({&sample}, {}, product_.contracts)[0];
  ASSERT_EQ(statistics.size(0), 3 * 2 * kPixelStatisticsPerBand);
  const auto ms_alone = place_pixel_statistics({&sample}, Modality::kMs, product_.contracts)[0];
  EXPECT_TRUE(torch::equal(statistics.slice(0, 2 * kPixelStatisticsPerBand, 4 * kPixelStatisticsPerBand), ms_alone));
  EXPECT_EQ(statistics.slice(0, 0, 2 * kPixelStatisticsPerBand).abs().sum().item<float>(), 0);
}

TEST(FeatureSource, IsReadAsItIsWritten) {
  for (const char* name : {"hr", "ms", "sar", "fused"})
    EXPECT_EQ(feature_source_name(parse_feature_source(name)), name);
  EXPECT_THAT([] { parse_feature_source("radar"); }, ThrowsMessage<UsageError>(HasSubstr("fused")));
}

/// Places in memory; one of them cannot be read.
class FakePlaces : public PlaceDataset {
 public:
  FakePlaces(std::vector<PlaceSample> places, SensorContracts contracts)
      : places_(std::move(places)), contracts_(std::move(contracts)) {}
  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  PlaceSample get(int64_t number) const override {
    const PlaceSample& sample = places_[static_cast<size_t>(number)];
    if (sample.id == "broken") throw DataError("broken.tif: cannot be read");
    return sample;
  }
  const SensorContracts& contracts() const override { return contracts_; }

 private:
  std::vector<PlaceSample> places_;
  SensorContracts contracts_;
};

class CollectFeaturesTest : public PlaceFeaturesTest {
 protected:
  ProbeFeatures collect(std::vector<PlaceSample> places, bool strict) const {
    const PlaceEncoder encode = encoder(Modality::kMs);
    return collect_features(FakePlaces(std::move(places), product_.contracts), {&encode},
                            {.source = Modality::kMs,
                             .contracts = product_.contracts,
                             .pixel_statistics = true,
                             .strict = strict,
                             .batch = 2});
  }
};

TEST_F(CollectFeaturesTest, SkipsAndCountsWhatCannotBeUsed) {
  PlaceSample without_ms = place("bare", 1, 1, 12, 4);
  without_ms.images[Modality::kMs].reset();
  const std::vector<PlaceSample> places = {place("a", 0, 1, 12, 1), place("broken", 0, 1, 12, 2),
                                           place("unlabelled", {}, 1, 12, 3), without_ms, place("b", 1, 1, 12, 5)};
  const ProbeFeatures features = collect(places, false);
  EXPECT_THAT(features.ids, ElementsAre("a", "b"));
  EXPECT_EQ(features.skipped, 3);
  EXPECT_TRUE(torch::equal(features.classes, torch::tensor({0, 1}, torch::kInt64)));
  EXPECT_TRUE(all_close(features.features[0][1], encoder(Modality::kMs)({&places[4]})[0], 1e-4, 1e-5));
  EXPECT_EQ(features.pixel_statistics.size(0), 2);
  EXPECT_THAT(features.subset(torch::tensor({1}, torch::kInt64)).ids, ElementsAre("b"));
}

TEST_F(CollectFeaturesTest, IsStrictWhereAsked) {
  EXPECT_THAT(
      [&] {
        collect({place("a", 0, 1, 12, 1), place("broken", 0, 1, 12, 2)}, true);
      },
      ThrowsMessage<DataError>(HasSubstr("broken.tif")));
  EXPECT_THAT([&] { collect({place("broken", 0, 1, 12, 2)}, false); },
              ThrowsMessage<DataError>(HasSubstr("none of 1 samples")));
}

TEST_F(CollectFeaturesTest, RefusesDataWithOtherBandsThanTheModels) {
  SensorContracts other = product_.contracts;
  other[Modality::kMs]->bands[1].name = "B99";
  const PlaceEncoder encode = encoder(Modality::kMs);
  const FakePlaces places({place("a", 0, 1, 12, 1)}, other);
  EXPECT_THAT([&] { collect_features(places, {&encode}, {.source = Modality::kMs, .contracts = product_.contracts}); },
              ThrowsMessage<DataError>(HasSubstr("other bands")));
}

}  // namespace
}  // namespace skysense
