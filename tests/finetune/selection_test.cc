#include "finetune/selection.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/random.h"
#include "ground_samples.h"

namespace skysense {
namespace {

using testing::GroundSamples;

/// `count` samples of each class.
std::vector<SelectionCandidate> single_labels(const std::vector<int64_t>& counts) {
  std::vector<SelectionCandidate> candidates;
  for (size_t label = 0; label < counts.size(); ++label) {
    for (int64_t i = 0; i < counts[label]; ++i)
      candidates.push_back({fmt::format("{}/{}.png", label, i), {static_cast<int64_t>(label)}});
  }
  return candidates;
}

/// Samples of several classes, of which class k is in about a share of 1 / (k + 2).
std::vector<SelectionCandidate> several_labels(int64_t count) {
  std::vector<SelectionCandidate> candidates;
  RandomStream stream(4);
  for (int64_t i = 0; i < count; ++i) {
    SelectionCandidate candidate{fmt::format("patch{}", i), {}};
    for (int64_t label = 0; label < 8; ++label) {
      if (stream.chance(1.0 / static_cast<double>(label + 2))) candidate.classes.push_back(label);
    }
    candidates.push_back(candidate);
  }
  return candidates;
}

std::map<int64_t, int64_t> counts_of(const std::vector<SelectionCandidate>& candidates,
                                     const std::vector<int64_t>& chosen) {
  std::map<int64_t, int64_t> counts;
  for (const int64_t position : chosen) {
    for (const int64_t label : candidates[static_cast<size_t>(position)].classes) ++counts[label];
  }
  return counts;
}

bool inside(const std::vector<int64_t>& smaller, const std::vector<int64_t>& larger) {
  return std::includes(larger.begin(), larger.end(), smaller.begin(), smaller.end());
}

TEST(Selection, AShareIsTheSameOfEveryClassAndOneAtLeast) {
  const auto candidates = single_labels({200, 50, 7});
  EXPECT_EQ(counts_of(candidates, choose_share(candidates, 0.1, 0)),
            (std::map<int64_t, int64_t>{{0, 20}, {1, 5}, {2, 1}}));
  EXPECT_EQ(counts_of(candidates, choose_share(candidates, 0.01, 0)),
            (std::map<int64_t, int64_t>{{0, 2}, {1, 1}, {2, 1}}));
  EXPECT_EQ(choose_share(candidates, 1, 0).size(), candidates.size());
}

TEST(Selection, ClassesOfSeveralLabelSamplesKeepTheirShares) {
  const auto candidates = several_labels(4000);
  std::vector<int64_t> all(candidates.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const auto before = counts_of(candidates, all), after = counts_of(candidates, choose_share(candidates, 0.1, 0));
  for (const auto& [label, count] : before) {
    const double expected = 0.1 * static_cast<double>(count);
    EXPECT_NEAR(static_cast<double>(after.at(label)), expected, 3 * std::sqrt(expected)) << label;
  }
  // Of the rarest class, which is drawn first, exactly.
  EXPECT_EQ(after.at(7), std::llround(0.1 * static_cast<double>(before.at(7))));
  // Those without a class are drawn alike.
  const auto without = [&](const std::vector<int64_t>& chosen) {
    return std::count_if(chosen.begin(), chosen.end(),
                         [&](int64_t i) { return candidates[static_cast<size_t>(i)].classes.empty(); });
  };
  EXPECT_EQ(without(choose_share(candidates, 0.1, 0)), std::llround(0.1 * static_cast<double>(without(all))));
}

TEST(Selection, ShotsAreExactOfSingleLabelsAndAtLeastThatOfSeveral) {
  const auto single = single_labels({30, 12, 4});
  EXPECT_EQ(counts_of(single, choose_shots(single, 5, 0)), (std::map<int64_t, int64_t>{{0, 5}, {1, 5}, {2, 4}}));
  const auto several = several_labels(500);
  for (const auto& [label, count] : counts_of(several, choose_shots(several, 5, 0))) EXPECT_GE(count, 5) << label;
  EXPECT_LE(choose_shots(several, 5, 0).size(), 40U);  // no more than classes times shots
}

TEST(Selection, SmallerSelectionsLieInsideLargerOnesOfTheSameSeed) {
  for (const auto& candidates : {single_labels({200, 50, 7}), several_labels(700)}) {
    std::vector<int64_t> last;
    for (const double share : {0.01, 0.05, 0.1, 0.5, 1.0}) {
      const auto chosen = choose_share(candidates, share, 7);
      EXPECT_TRUE(inside(last, chosen)) << share;
      last = chosen;
    }
    last.clear();
    for (const int64_t shots : {1, 2, 5, 10, 50}) {
      const auto chosen = choose_shots(candidates, shots, 7);
      EXPECT_TRUE(inside(last, chosen)) << shots;
      last = chosen;
    }
  }
}

TEST(Selection, DependsOnTheSeedAndTheNamesAndNotOnTheOrder) {
  const auto candidates = several_labels(300);
  const std::vector<SelectionCandidate> reversed(candidates.rbegin(), candidates.rend());
  const auto names = [](const std::vector<SelectionCandidate>& all, const std::vector<int64_t>& chosen) {
    std::set<std::string> found;
    for (const int64_t position : chosen) found.insert(all[static_cast<size_t>(position)].name);
    return found;
  };
  const auto first = names(candidates, choose_share(candidates, 0.2, 1));
  EXPECT_EQ(first, names(reversed, choose_share(reversed, 0.2, 1)));
  EXPECT_NE(first, names(candidates, choose_share(candidates, 0.2, 2)));
  EXPECT_EQ(names(candidates, choose_shots(candidates, 3, 1)), names(reversed, choose_shots(reversed, 3, 1)));
}

TEST(Selection, ReadsTheClassesOfMasksWithoutImages) {
  /// Twenty masks: all show class 0, every fifth class 3 as well.
  class Masks : public GroundSamples {
   public:
    Masks() : GroundSamples({4, 4}, 1) {
      for (int i = 0; i < 20; ++i) entries_.push_back({fmt::format("tile{}", i), "train", ""});
    }
    int64_t size() const override { return 20; }
    const SampleEntry& entry(int64_t number) const override { return entries_.at(static_cast<size_t>(number)); }
    LabelledSample get(int64_t number, const SampleRequest& request) const override {
      for (const Modality modality : kModalities) EXPECT_FALSE(request.modalities[modality]);
      LabelledSample sample;
      if (number == 19) return sample;  // withheld
      sample.label = torch::zeros({4, 4}, torch::kInt64);
      sample.label[0][0] = number % 5 == 0 ? 3 : -1;
      return sample;
    }

   private:
    std::vector<SampleEntry> entries_;
  } const dataset;
  const auto numbers = samples_of(dataset, "train");
  const auto shot = select_samples(dataset, numbers, {.shots = 1});
  ASSERT_EQ(shot.size(), 1U);  // it shows both classes
  EXPECT_EQ(shot[0] % 5, 0);
  const auto share = select_samples(dataset, numbers, {.fraction = 0.5});
  EXPECT_EQ(share.size(), 2U + 8U);  // of four with class 3 and fifteen others
  EXPECT_EQ(std::count_if(share.begin(), share.end(), [](int64_t i) { return i % 5 == 0; }), 2);
  EXPECT_EQ(select_samples(dataset, numbers, {}).size(), 20U);
  EXPECT_THROW(select_samples(dataset, numbers, {.shots = 1, .fraction = 0.5}), UsageError);
  EXPECT_THROW(select_samples(dataset, {19}, {.shots = 1}), DataError);
}

TEST(Selection, HeldOutSamplesAreOfOtherGroupsThanThoseThatTrain) {
  /// Tiles of six images, five each.
  class Tiles : public GroundSamples {
   public:
    Tiles() : GroundSamples({4, 4}, 1) {
      for (int i = 0; i < 30; ++i)
        entries_.push_back({fmt::format("tile{}", i), "train", fmt::format("image{}", i / 5)});
    }
    int64_t size() const override { return 30; }
    const SampleEntry& entry(int64_t number) const override { return entries_.at(static_cast<size_t>(number)); }

   private:
    std::vector<SampleEntry> entries_;
  } const dataset;
  const auto images_of = [](const std::vector<int64_t>& numbers) {
    std::set<int64_t> images;
    for (const int64_t number : numbers) images.insert(number / 5);
    return images;
  };
  auto training = samples_of(dataset, "train"), again = training, others = training, few = std::vector<int64_t>{3, 4};
  const auto held = hold_out(dataset, training, 0.25, 0);
  EXPECT_EQ(held.size(), 10U);  // two images reach a quarter
  EXPECT_EQ(training.size(), 20U);
  for (const int64_t image : images_of(held)) EXPECT_FALSE(images_of(training).contains(image)) << image;
  EXPECT_EQ(hold_out(dataset, again, 0.25, 0), held);
  EXPECT_NE(hold_out(dataset, others, 0.25, 1), held);
  EXPECT_TRUE(hold_out(dataset, few, 0.5, 0).empty());  // one image alone trains
}

}  // namespace
}  // namespace skysense
