#include "probe/labelled_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "probe/held_out.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_model.h"

namespace skysense {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// Places with one MS image each; the class of place `i` is classes[i % classes.size()].
class ClassedPlaces : public PlaceDataset {
 public:
  ClassedPlaces(const SensorContracts& contracts, std::vector<int64_t> classes, std::string name)
      : contracts_(contracts), classes_(std::move(classes)), name_(std::move(name)) {}
  int64_t size() const override { return 12; }
  PlaceSample get(int64_t number) const override {
    PlaceSample place;
    place.id = name_ + std::to_string(number);
    place.scene_class = classes_[static_cast<size_t>(number) % classes_.size()];
    place.images[Modality::kMs] = ImageSeries{torch::full({1, 2, 8, 8}, 0.1 * static_cast<double>(number)),
                                              torch::ones({1, 8, 8}, torch::kBool), torch::ones({1}, torch::kInt64)};
    return place;
  }
  const SensorContracts& contracts() const override { return contracts_; }

 private:
  const SensorContracts contracts_;
  const std::vector<int64_t> classes_;
  const std::string name_;
};

class LabelledSplitTest : public ::testing::Test {
 protected:
  std::shared_ptr<const PlaceDataset> places(std::vector<int64_t> classes, const std::string& name = "a") const {
    return std::make_shared<ClassedPlaces>(product_.contracts, std::move(classes), name);
  }
  SplitFeatures collect(const LabelledSplit& split) const {
    const PlaceEncoder encoder(product_, Modality::kMs, torch::kCPU, torch::kFloat32);
    return collect_split(split, {&encoder}, {.source = Modality::kMs, .contracts = product_.contracts});
  }

  testing::TemporaryFolder folder_;
  const Product product_ = testing::nano_model(folder_.path());
};

TEST_F(LabelledSplitTest, HoldsOutByIdAndNumbersTheClassesThatOccur) {
  const SplitFeatures split = collect({"data", places({3, 7}), {}, {"a", "b", "c", "three"}, 0.5});
  EXPECT_THAT(split.classes, ElementsAre("three", "7"));  // the dataset names four classes
  EXPECT_EQ(split.train.ids.size() + split.test.ids.size(), 12);
  for (const std::string& id : split.train.ids) EXPECT_FALSE(is_held_out(id, 0.5));
  for (const std::string& id : split.test.ids) EXPECT_TRUE(is_held_out(id, 0.5));
  EXPECT_EQ(split.train.classes.max().item<int64_t>(), 1);
}

TEST_F(LabelledSplitTest, TestSamplesOfTheirOwnLeaveTheOthersWhole) {
  const SplitFeatures split = collect({"data", places({0, 1}), places({1, 2}, "b"), {}, 0.5});
  EXPECT_THAT(split.train.ids, SizeIs(12));
  EXPECT_THAT(split.test.ids, SizeIs(12));
  EXPECT_THAT(split.test.ids, Each(HasSubstr("b")));
  EXPECT_THAT(split.classes, ElementsAre("0", "1", "2"));
}

TEST_F(LabelledSplitTest, RefusesOneClassAndAnEmptySide) {
  EXPECT_THAT([&] { collect({"data", places({4}), {}, {}, 0.5}); }, ThrowsMessage<DataError>(HasSubstr("one class")));
  EXPECT_THAT([&] { collect({"data", places({0, 1}), {}, {}, 0}); }, ThrowsMessage<DataError>(HasSubstr("0 test")));
}

}  // namespace
}  // namespace skysense
