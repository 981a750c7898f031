#include "engine/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

/// A module with a tree, a parameter without gradient and buffers of two types.
struct SmallImpl : torch::nn::Module {
  explicit SmallImpl(int64_t width)
      : first(register_module("first", torch::nn::Linear(3, width))),
        norm(register_module("norm", torch::nn::BatchNorm1d(width))) {}
  torch::nn::Linear first;
  torch::nn::BatchNorm1d norm;
};
TORCH_MODULE(Small);

void randomise(torch::nn::Module& module, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (auto& [name, tensor] : named_tensors(module)) {
    if (tensor.is_floating_point()) tensor.normal_(0, 1, generator);
  }
}

TEST(TensorIo, NamesFollowTheModuleTree) {
  Small module(4);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : named_tensors(*module, "model.")) names.push_back(name);
  EXPECT_THAT(names, ::testing::ElementsAre("model.first.bias", "model.first.weight", "model.norm.bias",
                                            "model.norm.num_batches_tracked", "model.norm.running_mean",
                                            "model.norm.running_var", "model.norm.weight"));
  module->first->bias.set_requires_grad(false);
  EXPECT_EQ(named_parameters(*module).count("first.bias"), 0u);
  EXPECT_EQ(named_parameters(*module).count("first.weight"), 1u);
}

TEST(TensorIo, CopiesBytesAtAnyAlignment) {
  std::string bytes(1, 'x');
  const std::array<float, 2> values = {1.5f, -2.0f};
  bytes.append(reinterpret_cast<const char*>(values.data()), sizeof(values));
  const TensorView view{.name = "v",
                        .type = ElementType::kF32,
                        .shape = {2},
                        .bytes = std::as_bytes(std::span(bytes.data() + 1, sizeof(values)))};
  EXPECT_TRUE(at::equal(copy_of(view), torch::tensor({1.5f, -2.0f})));
}

TEST(Weights, EveryElementTypeComesBackBitForBit) {
  TemporaryFolder folder;
  NamedTensors tensors;
  for (const auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                           torch::kInt32, torch::kInt16, torch::kInt8, torch::kUInt8, torch::kBool}) {
    tensors[c10::toString(dtype)] = torch::tensor({0.0, 1.0, 3.0, 127.0}).to(dtype).reshape({2, 2});
  }
  tensors["scalar"] = torch::tensor(7.0f);
  tensors["nothing"] = torch::empty({0, 5});
  save_tensors(folder / "all.safetensors", tensors, {{"source", "test"}});
  const auto read = load_tensors(folder / "all.safetensors");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read.at(name).dtype(), tensor.dtype()) << name;
    EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
  }
  EXPECT_EQ(SafetensorsFile(folder / "all.safetensors").metadata().at("source"), "test");
}

TEST(Weights, AModuleReadsBackWhatItWrote) {
  TemporaryFolder folder;
  Small written(4), read(4);
  randomise(*written, 1);
  written->norm->num_batches_tracked.fill_(12345678901);
  save_module(folder / "m.safetensors", *written);
  load_module(folder / "m.safetensors", *read);
  for (const auto& [name, tensor] : named_tensors(*written)) {
    EXPECT_TRUE(at::equal(named_tensors(*read).at(name), tensor)) << name;
  }
  EXPECT_TRUE(read->first->weight.requires_grad());
}

TEST(Weights, TransposedTensorsAreWrittenRowMajor) {
  TemporaryFolder folder;
  const auto matrix = torch::arange(6.0f).reshape({2, 3});
  save_tensors(folder / "t.safetensors", {{"t", matrix.t()}});
  EXPECT_TRUE(at::equal(load_tensors(folder / "t.safetensors").at("t"), matrix.t()));
}

TEST(Weights, NamesAMissingTensor) {
  TemporaryFolder folder;
  Small module(4);
  auto tensors = named_tensors(*module);
  tensors.erase("first.weight");
  save_tensors(folder / "m.safetensors", tensors);
  EXPECT_THAT(
      [&] { load_module(folder / "m.safetensors", *module); },
      ThrowsMessage<DataError>(AllOf(HasSubstr("m.safetensors"), HasSubstr("'first.weight' of shape [4, 3] is missing"),
                                     HasSubstr("another model or config"))));
}

TEST(Weights, NamesAnUnexpectedTensorAmongThoseLookedAt) {
  TemporaryFolder folder;
  Small module(4);
  auto tensors = named_tensors(*module);
  tensors["heads.hr.weight"] = torch::zeros({2, 5});
  save_tensors(folder / "m.safetensors", tensors);
  EXPECT_THAT([&] { load_module(folder / "m.safetensors", *module); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("m.safetensors"), HasSubstr("'heads.hr.weight' of shape [2, 5] is unexpected"))));
  EXPECT_NO_THROW(load_module(folder / "m.safetensors", *module, {.only_prefixes = {"first.", "norm."}}));
}

TEST(Weights, NamesBothShapesAndChangesNothingWhereOneDiffers) {
  TemporaryFolder folder;
  Small other(5), module(4);
  randomise(*module, 2);
  const auto before = module->first->weight.detach().clone();
  save_module(folder / "m.safetensors", *other);
  EXPECT_THAT(
      [&] { load_module(folder / "m.safetensors", *module); },
      ThrowsMessage<DataError>(AllOf(HasSubstr("m.safetensors"), HasSubstr("'first.bias' has shape [5], wanted [4]"))));
  EXPECT_TRUE(at::equal(module->first->weight, before));
}

TEST(Weights, RefusesAnotherFormatVersion) {
  TemporaryFolder folder;
  write_safetensors(folder / "m.safetensors", {}, {{"format_version", "2"}});
  EXPECT_THAT([&] { load_tensors(folder / "m.safetensors"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("m.safetensors"), HasSubstr("format_version is 2"))));
}

TEST(Weights, RefusesAFileCutAnywhere) {
  TemporaryFolder folder;
  Small module(4);
  save_module(folder / "m.safetensors", *module);
  const std::string bytes = read_text_file(folder / "m.safetensors");
  for (size_t length = 0; length < bytes.size(); ++length) {
    write_file_atomically(folder / "cut.safetensors", std::string_view(bytes).substr(0, length));
    EXPECT_THROW(load_module(folder / "cut.safetensors", *module), DataError) << length;
  }
}

TEST(Weights, ATensorInTwoFilesIsRefused) {
  TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", {{"x", torch::zeros({1})}});
  save_tensors(folder / "b.safetensors", {{"x", torch::zeros({1})}});
  NamedTensors into = {{"x", torch::zeros({1})}};
  EXPECT_THAT(
      [&] {
        load_tensors_into({folder / "a.safetensors", folder / "b.safetensors"}, into);
      },
      ThrowsMessage<DataError>(HasSubstr("'x' stands in another file too")));
}

}  // namespace
}  // namespace skysense
