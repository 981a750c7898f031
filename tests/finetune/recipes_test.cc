#include "finetune/recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "finetune/paper_results.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

TEST(Recipes, ChangeTheRecipeThatTheyExtendButTakeNeitherItsTitleNorItsResults) {
  const TemporaryFolder folder;
  write(folder / "_layer.yaml", "train: {lr: 0.5, batch_size: 3}\ntask: {frozen: [model]}\n");
  write(folder / "base.yaml",
        "extends: _layer\ntitle: base\ntrain: {lr: 0.25}\n"
        "paper: {table: Table 1, metrics: [oa], splits: [test], values: [90]}\n");
  write(folder / "deeper/own.yaml", "extends: ../base\ntrain: {epochs: 7}\ntask: {frozen: []}\n");
  const FinetuneOptions options = read_recipe(folder / "deeper/own.yaml");
  EXPECT_EQ(options.train.schedule.lr, 0.25);
  EXPECT_EQ(options.train.batch_size, 3);
  EXPECT_EQ(options.train.epochs, 7);
  EXPECT_TRUE(options.task.frozen.empty());
  EXPECT_TRUE(options.title.empty() && options.extends.empty());
  EXPECT_TRUE(options.paper.table.empty() && options.paper.metrics.empty());
  EXPECT_EQ(read_recipe(folder / "base.yaml").paper.values, std::vector<double>{90});

  std::vector<std::string> names;
  for (const Recipe& recipe : list_recipes(folder.path())) names.push_back(recipe.name);
  EXPECT_THAT(names, ElementsAre("base", "deeper/own"));  // a layer is no recipe
}

TEST(Recipes, RefuseABaseThatIsMissingOrStandsOnThemAndUnpairedResults) {
  const TemporaryFolder folder;
  write(folder / "a.yaml", "extends: b\n");
  EXPECT_THAT([&] { read_recipe(folder / "a.yaml"); },
              ThrowsMessage<UsageError>(HasSubstr("extends b, but there is no")));
  write(folder / "b.yaml", "extends: a\n");
  EXPECT_THAT([&] { read_recipe(folder / "a.yaml"); }, ThrowsMessage<UsageError>(HasSubstr("extend one another")));
  write(folder / "c.yaml", "paper: {metrics: [oa], splits: [test]}\n");
  EXPECT_THAT([&] { read_recipe(folder / "c.yaml"); }, ThrowsMessage<UsageError>(HasSubstr("0 values")));
}

TEST(Recipes, PutThePapersResultsBesideOursOfTheSameSplit) {
  PaperOptions paper;
  paper.metrics = {"miou", "miou", "oa"};
  paper.splits = {"val", "test", "test"};
  paper.values = {41.2, 47.6, 80};
  const auto results = beside_paper(paper, "test", {{"miou", 0.5}, {"scs", 0.1}});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].metric, "miou");
  EXPECT_NEAR(results[0].paper, 0.476, 1e-12);
  EXPECT_EQ(results[0].ours, 0.5);
}

}  // namespace
}  // namespace skysense
