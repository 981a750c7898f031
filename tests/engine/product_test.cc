#include "engine/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

/// A trainer's config: more groups than a product reads.
struct RunOptions {
  int64_t seed = 3;
  ModelOptions model{.dim = 32, .depths = {1, 1, 1, 1}, .fusion_layers = 1, .fusion_dim = 64};
  InferenceOptions inference{.tile = 32};
  void describe(OptionFields& fields) {
    fields("seed", seed, "a key of the trainer");
    fields.group("model", model);
    fields.group("inference", inference);
  }
};

SensorContracts contracts() {
  SensorContracts all;
  all[Modality::kHr] = builtin_contract("aerial-rgb");
  all[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  return all;
}

/// Writes a checkpoint of `teacher` at step 5 and gives its folder.
fs::path write(const fs::path& run, const SkysenseModel& teacher, const RunOptions& options = {}) {
  RunOptions described = options;
  RunTensors tensors;
  tensors.student = {{"w", torch::zeros({1})}};
  tensors.teacher = named_tensors(*teacher);
  tensors.teacher["heads.hr.layer1.weight"] = torch::zeros({4, 4});
  return write_checkpoint(run, dump_yaml(fields_of(described)), contracts(), {.step = 5}, tensors);
}

SkysenseModel make_model() { return SkysenseModel(RunOptions().model, channels_of(contracts())); }

TEST(Product, IsTheTeacherWithItsOptionsAndContracts) {
  TemporaryFolder run;
  SkysenseModel teacher = make_model();
  teacher->eval();
  const fs::path folder = write(run.path(), teacher);
  for (const fs::path& path : {folder, run / "model", run.path()}) {
    Product product = load_product(path);
    EXPECT_EQ(product.checkpoint, fs::canonical(folder));
    EXPECT_EQ(product.step, 5);
    EXPECT_EQ(product.options.depths, (std::vector<int64_t>{1, 1, 1, 1}));
    EXPECT_EQ(product.inference.tile, 32);
    EXPECT_EQ(product.contracts[Modality::kSar]->name, "sentinel1-grd-db");
    EXPECT_FALSE(product.contracts[Modality::kMs].has_value());
    EXPECT_FALSE(product.model->is_training());
    const torch::NoGradGuard no_grad;
    const auto image = torch::ones({1, 3, 32, 32});
    EXPECT_TRUE(at::equal(product.model->encode(Modality::kHr, image).stages[3],
                          teacher->encode(Modality::kHr, image).stages[3]));
  }
}

TEST(Product, NeedsNeitherStudentNorOptimizer) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), make_model());
  fs::remove(folder / "student.safetensors");
  fs::remove(folder / "optimizer.safetensors");
  EXPECT_EQ(load_product(folder).step, 5);
}

/// Writes a checkpoint whose teacher's file holds `prototypes` too.
fs::path write_with(const fs::path& run, const torch::Tensor& prototypes) {
  RunOptions described;
  const SkysenseModel teacher = make_model();
  RunTensors tensors;
  tensors.student = {{"w", torch::zeros({1})}};
  tensors.teacher = named_tensors(*teacher);
  tensors.teacher["prototypes"] = prototypes;
  return write_checkpoint(run, dump_yaml(fields_of(described)), contracts(), {.step = 5}, tensors);
}

TEST(Product, HasThePrototypesOfItsTeachersFile) {
  TemporaryFolder with, without;
  const auto prototypes = torch::rand({7, 2, 64});
  const Product product = load_product(write_with(with.path(), prototypes));
  ASSERT_TRUE(product.prototypes.has_value());
  EXPECT_TRUE(at::equal(product.prototypes->values(), prototypes));
  EXPECT_FALSE(load_product(write(without.path(), make_model())).prototypes.has_value());
}

TEST(Product, PrototypesOfAnotherWidthAreRefused) {
  TemporaryFolder run;
  const fs::path folder = write_with(run.path(), torch::rand({7, 2, 32}));
  EXPECT_THAT([&] { load_product(folder); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("'prototypes' has shape [7, 2, 32]"), HasSubstr("64]"))));
}

TEST(Product, APathWithoutAModelIsRefused) {
  TemporaryFolder folder;
  EXPECT_THAT([&] { load_product(folder / "absent"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("absent: no such model"), HasSubstr("RUN/checkpoints/step-N"))));
  EXPECT_THAT([&] { load_product(folder.path()); },
              ThrowsMessage<DataError>(HasSubstr("holds no teacher.safetensors")));
}

TEST(Product, WeightsThatDoNotFitTheConfigAreRefused) {
  TemporaryFolder run;
  RunOptions other;
  other.model.mlp_ratio = 2;
  const fs::path folder = write(run.path(), make_model(), other);
  EXPECT_THAT(
      [&] { load_product(folder); },
      ThrowsMessage<DataError>(AllOf(HasSubstr("teacher.safetensors"), HasSubstr("backbone."), HasSubstr("wanted ["))));
}

TEST(Product, ACutOrMissingFileIsRefusedByName) {
  for (const std::string name : {"config.yaml", "contract.json", "teacher.safetensors", "state.json"}) {
    TemporaryFolder run;
    const fs::path folder = write(run.path(), make_model());
    fs::resize_file(folder / name, fs::file_size(folder / name) / 2);
    EXPECT_THAT([&] { load_product(folder); }, ThrowsMessage<DataError>(HasSubstr(name)));
    fs::remove(folder / name);
    EXPECT_THAT([&] { load_product(folder); }, ThrowsMessage<DataError>(HasSubstr(name)));
  }
}

TEST(Product, AConfigOfALaterProgramIsRefusedByItsKey) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), make_model());
  std::string yaml = read_text_file(folder / "config.yaml");
  yaml.replace(yaml.find("mlp_ratio"), 9, "mlp_radio");
  write_file_atomically(folder / "config.yaml", yaml);
  EXPECT_THAT([&] { load_product(folder); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("config.yaml"), HasSubstr("'mlp_radio'"))));
}

}  // namespace
}  // namespace skysense
