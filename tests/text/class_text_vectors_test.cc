#include "text/class_text_vectors.h"

#include <ATen/ops/eye.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "core/error.h"
#include "core/safetensors.h"
#include "testing/all_close.h"
#include "tests/text/clip_fixture.h"
#include "text/stand_in_vectors.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Those of python/parity/clip_text.py.
const std::vector<std::string> kClasses = {"water", "bare_ground", "orchard or vineyard",
                                           "森林",  "forêt dense", "Residential Area"};
const std::vector<std::string> kPrompts = {"a satellite image of {}.", "{} from above"};

ClassTextOptions options_of(const std::filesystem::path& folder) {
  return {.clip = folder.string(), .prompts = kPrompts};
}

bool same_bits(const torch::Tensor& a, const torch::Tensor& b) { return a.equal(b); }

class ClassTextVectorsParity : public ::testing::TestWithParam<const char*> {};

// Folders that transformers saved: float32, a whole CLIP model in float16, bfloat16 shards, position numbers and the
// old end token, names without a prefix. Tolerance 1e-5 absolute of unit vectors.
TEST_P(ClassTextVectorsParity, EqualTransformersOnItsOwnFolders) {
  const testing::Fixture fixture("clip_folders");
  testing::TemporaryFolder folder;
  testing::write_files(fixture, GetParam(), folder.path());
  const auto made = class_text_vectors(kClasses, options_of(folder.path()));
  EXPECT_TRUE(testing::all_close(made.vectors, fixture[std::string(GetParam()) + ".vectors"], 0, 1e-5));
  EXPECT_TRUE(made.from_clip);
  EXPECT_FALSE(made.vectors.requires_grad());
  EXPECT_THAT(made.description(), HasSubstr("CLIP"));
}
INSTANTIATE_TEST_SUITE_P(Folders, ClassTextVectorsParity,
                         ::testing::Values("text", "whole", "sharded", "legacy", "bare"),
                         [](const auto& info) { return std::string(info.param); });

TEST(StandInVectors, AreOrthonormalAsLongAsThereIsRoom) {
  std::vector<std::string> names;
  for (int i = 0; i < 32; ++i) names.push_back("class " + std::to_string(i));
  const auto vectors = stand_in_vectors(names, 32);
  EXPECT_TRUE(testing::all_close(vectors.matmul(vectors.t()), torch::eye(32), 0, 1e-6));
}

TEST(StandInVectors, BeyondThatAreUnitAndNearlyOrthogonal) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back(std::to_string(i));
  const auto vectors = stand_in_vectors(names, 256);
  const auto cosines = vectors.matmul(vectors.t()) - torch::eye(300);
  EXPECT_LT(cosines.diagonal().abs().max().item<double>(), 1e-6);
  EXPECT_NEAR(cosines.pow(2).mean().sqrt().item<double>(), 1 / 16.0, 0.01);
  EXPECT_LT(cosines.abs().max().item<double>(), 0.4);
}

TEST(StandInVectors, AnotherOrderOfTheClassesOrdersTheRows) {
  const auto vectors = stand_in_vectors({"water", "forest", "road"}, 8);
  const auto reordered = stand_in_vectors({"road", "water", "forest"}, 8);
  EXPECT_TRUE(same_bits(reordered[0], vectors[2]));
  EXPECT_TRUE(same_bits(reordered[1], vectors[0]));
  EXPECT_TRUE(same_bits(reordered[2], vectors[1]));
  EXPECT_FALSE(same_bits(stand_in_vectors({"sea", "forest", "road"}, 8)[0], vectors[0]));
}

TEST(StandInVectors, AreTheSameOnEveryMachine) {
  const auto vector = stand_in_vectors({"water"}, 4)[0];
  // Computed apart from the code: SplitMix64 by Python's integers.
  EXPECT_TRUE(
      testing::all_close(vector, torch::tensor({0.08286958f, 0.88331445f, -0.45816487f, -0.05452669f}), 0, 1e-7))
      << vector;
}

TEST(ClassTextVectors, SayWhenTheyStandIn) {
  const auto made = class_text_vectors({"water", "forest"}, {});
  EXPECT_FALSE(made.from_clip);
  EXPECT_EQ(made.vectors.sizes(), (std::vector<int64_t>{2, 768}));
  EXPECT_THAT(made.description(), HasSubstr("no CLIP folder"));
}

TEST(ClassTextVectors, RefuseNamesPromptsAndFoldersThatDoNotFit) {
  const ClassTextOptions stand_ins;
  EXPECT_THROW(class_text_vectors({}, stand_ins), DataError);
  EXPECT_THAT([&] { class_text_vectors({"a", "b", "a"}, stand_ins); }, ThrowsMessage<DataError>(HasSubstr("'a'")));
  EXPECT_THAT([&] { class_text_vectors({"a\xff"}, stand_ins); }, ThrowsMessage<DataError>(HasSubstr("UTF-8")));
  for (const char* prompt : {"a satellite image", "{} and {}", ""}) {
    EXPECT_THAT([&] { class_text_vectors({"a"}, {.clip = "x", .prompts = {prompt}}); },
                ThrowsMessage<UsageError>(HasSubstr("{}")));
  }
  EXPECT_THAT([&] { class_text_vectors({"a"}, {.clip = "/nowhere/clip"}); },
              ThrowsMessage<DataError>(HasSubstr("/nowhere/clip: no CLIP folder")));
}

TEST(ClipFolderParity, RefusesATokenizerOfAnotherModel) {
  const testing::Fixture fixture("clip_folders");
  testing::TemporaryFolder folder;
  testing::write_files(fixture, "text", folder.path());
  auto vocabulary = read_text_file(folder / "vocab.json");
  vocabulary.insert(1, R"("another token": 5000, )");
  write_file_atomically(folder / "vocab.json", vocabulary);
  EXPECT_THAT([&] { class_text_vectors({"a"}, options_of(folder.path())); },
              ThrowsMessage<DataError>(HasSubstr("tokenizer knows 5001 tokens")));
}

/// A CLIP folder and a place for the kept vectors.
struct CacheParity : ::testing::Test {
  CacheParity() { testing::write_files(testing::Fixture("clip_folders"), "text", clip); }
  ClassTextVectors get(const std::vector<std::string>& names) {
    return cached_class_text_vectors(names, options, file);
  }

  testing::TemporaryFolder folder;
  std::filesystem::path clip = folder / "clip", file = folder / "text_vectors.safetensors";
  ClassTextOptions options = options_of(clip);
};

TEST_F(CacheParity, AResumedRunNeedsNoFolder) {
  const auto made = get(kClasses);
  std::filesystem::remove_all(clip);
  const auto kept = get(kClasses);
  EXPECT_TRUE(same_bits(kept.vectors, made.vectors));
  EXPECT_TRUE(kept.from_clip);
}

TEST_F(CacheParity, OtherClassesOrPromptsAreEncodedAnew) {
  const auto made = get(kClasses);
  const auto fewer = get({"water", "森林"});
  EXPECT_EQ(fewer.vectors.size(0), 2);
  options.prompts = {"{}"};
  EXPECT_FALSE(testing::all_close(get({"water", "森林"}).vectors, fewer.vectors, 1e-3, 1e-3));
  std::filesystem::remove_all(clip);
  EXPECT_THROW(get(kClasses), DataError);  // replaced, and nothing left to make them of
}

TEST_F(CacheParity, AnotherFolderIsEncodedAnew) {
  const auto made = get(kClasses);
  std::filesystem::remove_all(clip);
  testing::write_files(testing::Fixture("clip_folders"), "sharded", clip);
  EXPECT_FALSE(same_bits(get(kClasses).vectors, made.vectors));
}

TEST_F(CacheParity, WhatIsKeptIsReadAndNotMadeAgain) {
  const auto made = get(kClasses);
  auto bytes = read_text_file(file);
  bytes.back() ^= 1;  // an exponent bit of the last value
  write_file_atomically(file, bytes);
  EXPECT_FALSE(same_bits(get(kClasses).vectors, made.vectors));
}

TEST_F(CacheParity, StandInsAndClipAreNotTakenForEachOther) {
  const auto made = get(kClasses);
  options.clip.clear();
  options.stand_in_dim = made.vectors.size(1);
  EXPECT_FALSE(get(kClasses).from_clip);
  options.clip = clip.string();
  EXPECT_TRUE(same_bits(get(kClasses).vectors, made.vectors));
}

TEST(ClassTextVectors, ADamagedCacheIsNamed) {
  testing::TemporaryFolder folder;
  const auto file = folder / "text_vectors.safetensors";
  cached_class_text_vectors({"a", "b"}, {}, file);
  const auto bytes = read_text_file(file);
  write_file_atomically(file, bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(
      [&] {
        cached_class_text_vectors({"a", "b"}, {}, file);
      },
      ThrowsMessage<DataError>(HasSubstr("text_vectors.safetensors")));
}

}  // namespace
}  // namespace skysense
