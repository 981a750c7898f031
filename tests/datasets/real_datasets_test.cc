#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "datasets/registry.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// Small pieces of the published data sets; the tests that want them are skipped, saying so, where they are absent.
class RealDatasets : public ::testing::Test {
 protected:
  std::optional<fs::path> real(const std::string& name) {
    const char* root = std::getenv("SKYSENSE_TEST_DATA");
    const fs::path path = fs::path(root == nullptr ? "/nowhere" : root) / name;
    if (fs::exists(path)) return path;
    return std::nullopt;
  }
};

TEST_F(RealDatasets, AidHasThirtyClassesOfBrightnesses) {
  const auto root = real("aid_150");
  if (!root) GTEST_SKIP() << "real imagery is not here: aid_150";
  const auto aid = open_labelled_dataset("aid", *root);
  EXPECT_EQ(aid->description().classes.size(), 30U);
  EXPECT_EQ(aid->size(), 1500);
  EXPECT_EQ(samples_of(*aid, "train").size(), 300U) << "20% of each class";
  const LabelledSample sample = aid->get(samples_of(*aid, "test").back());
  EXPECT_EQ(sample.label.item<int64_t>(), 29);
  const auto& values = sample.images[Modality::kHr]->series.values;
  EXPECT_EQ(values.sizes(), (torch::IntArrayRef{1, 3, 150, 150}));
  EXPECT_LE(values.max().item<float>(), 1);
}

TEST_F(RealDatasets, LevirCdAndDsifnArePairsWithTwoClasses) {
  const auto levir = real("levir_cd"), dsifn = real("dsifn_cd");
  if (!levir || !dsifn) GTEST_SKIP() << "real imagery is not here: levir_cd, dsifn_cd";
  const auto named = open_labelled_dataset("levir-cd", *levir);
  EXPECT_EQ(named->size(), 7);
  EXPECT_EQ(samples_of(*named, "train").size(), 2U);
  EXPECT_EQ(samples_of(*named, "test").size(), 5U);
  const auto pairs = open_labelled_dataset("change-pairs", *dsifn);
  for (const auto* dataset : {named.get(), pairs.get()}) {
    for (int64_t i = 0; i < dataset->size(); ++i) {
      const LabelledSample sample = dataset->get(i);
      EXPECT_EQ(sample.images[Modality::kHr]->series.values.sizes(), (torch::IntArrayRef{2, 3, 256, 256}));
      EXPECT_GE(sample.label.min().item<int64_t>(), 0);
      EXPECT_LE(sample.label.max().item<int64_t>(), 1);
    }
  }
}

TEST_F(RealDatasets, LoveDaTilesHaveTheValuesOfItsClasses) {
  const auto root = real("mmseg_loveda");
  if (!root) GTEST_SKIP() << "real imagery is not here: mmseg_loveda";
  const testing::TemporaryFolder folder;  // the sample is in another layout: linked into the published one
  fs::create_directories(folder / "Train/Urban");
  fs::create_symlink(*root / "img_dir", folder / "Train/Urban/images_png");
  fs::create_symlink(*root / "ann_dir", folder / "Train/Urban/masks_png");
  const auto loveda = open_labelled_dataset("loveda", folder.path());
  ASSERT_EQ(loveda->size(), 2);
  for (int64_t i = 0; i < loveda->size(); ++i) {
    const LabelledSample sample = loveda->get(i);
    EXPECT_EQ(sample.label.sizes(), (torch::IntArrayRef{1024, 1024}));
    EXPECT_GE(sample.label.min().item<int64_t>(), -1);
    EXPECT_LE(sample.label.max().item<int64_t>(), 6);
  }
}

TEST_F(RealDatasets, IsaidColoursAreAllKnown) {
  const auto root = real("isaid");
  if (!root) GTEST_SKIP() << "real imagery is not here: isaid";
  const auto isaid = open_labelled_dataset("isaid", *root);
  ASSERT_EQ(isaid->size(), 2);
  const LabelledSample sample = isaid->get(samples_of(*isaid, "val").at(0));
  EXPECT_EQ(sample.label.sizes(), (torch::IntArrayRef{1023, 1147}));
  EXPECT_TRUE((sample.label == 9).any().item<bool>()) << "small vehicles";
  EXPECT_NO_THROW(isaid->get(0));
}

TEST_F(RealDatasets, BigEarthNetPairsAreFoundByTheirMetadata) {
  const auto root = real("bigearthnet_s1s2");
  if (!root) GTEST_SKIP() << "real imagery is not here: bigearthnet_s1s2";
  const auto pairs = open_labelled_dataset("bigearthnet-mm", *root);
  ASSERT_EQ(pairs->size(), 3);
  for (int64_t i = 0; i < 3; ++i) {
    const LabelledSample sample = pairs->get(i);
    EXPECT_EQ(sample.images[Modality::kMs]->series.values.sizes(), (torch::IntArrayRef{1, 10, 120, 120}));
    EXPECT_EQ(sample.images[Modality::kSar]->series.values.sizes(), (torch::IntArrayRef{1, 2, 120, 120}));
    EXPECT_GT(sample.label.sum().item<int64_t>(), 0);
    const double vv = sample.images[Modality::kSar]->series.values.select(1, 0).mean().item<double>();
    EXPECT_TRUE(vv > -25 && vv < 0) << vv;
  }
}

TEST_F(RealDatasets, EuroSatsBandsAreInTheirOwnOrder) {
  const auto root = real("eurosat_ms_tiny");
  if (!root) GTEST_SKIP() << "real imagery is not here: eurosat_ms_tiny";
  const auto eurosat = open_labelled_dataset("eurosat-ms", *root);
  const auto values = eurosat->get(samples_of(*eurosat, "train").at(0)).images[Modality::kMs]->series.values;
  EXPECT_EQ(values.sizes(), (torch::IntArrayRef{1, 10, 64, 64}));
  // B8A lies beside B08 in wavelength: over vegetation they are alike, while cirrus (taken by mistake) would be near 0.
  const double b08 = values.select(1, 6).mean().item<double>(), b8a = values.select(1, 7).mean().item<double>();
  EXPECT_NEAR(b8a / b08, 1.0, 0.35);
}

}  // namespace
}  // namespace skysense
