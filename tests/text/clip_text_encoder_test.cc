#include "text/clip_text_encoder.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "engine/weights.h"
#include "testing/all_close.h"
#include "tests/text/clip_fixture.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// The weights of python/parity/clip_text.py: SplitMix64 from each parameter's name.
void draw_weights(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    const std::string& name = item.key();
    auto& parameter = item.value();
    const bool bias = name.ends_with("bias"), norm = name.find("norm") != std::string::npos;
    const double fan_in = norm || bias ? 1 : static_cast<double>(parameter.size(1));
    RandomStream stream(hash_text(name));
    float* values = parameter.mutable_data_ptr<float>();
    for (int64_t i = 0; i < parameter.numel(); ++i) {
      const double value = stream.uniform(-1, 1);
      const double scaled = bias                                          ? value * 0.1
                            : norm                                        ? 1.0 + 0.2 * value
                            : name.find("embedding") != std::string::npos ? value
                                                                          : value * std::sqrt(3.0 / fan_in);
      values[i] = static_cast<float>(scaled);
    }
  }
}

class ClipTextEncoderParity : public ::testing::TestWithParam<const char*> {};

// The text tower of ViT-L/14, float32; tolerance 1e-5 of the largest value.
TEST_P(ClipTextEncoderParity, EqualsTransformersAtTheRealSize) {
  const std::string name = GetParam();
  const testing::Fixture fixture("clip_text");
  ClipTextEncoder encoder(ClipTextConfig{.vocabulary = 3000,
                                         .dim = 768,
                                         .mlp_dim = 3072,
                                         .layers = 12,
                                         .heads = 12,
                                         .context = 77,
                                         .projection_dim = 768,
                                         .exact_gelu = name == "exact",
                                         .layer_norm_eps = 1e-5,
                                         .end_token = name == "legacy" ? 2 : 2999});
  draw_weights(*encoder);
  const torch::NoGradGuard no_grad;
  const auto wanted = fixture[name + ".output"];
  const auto output = encoder(fixture[name + ".tokens"]);
  ASSERT_EQ(output.sizes(), wanted.sizes());
  EXPECT_LE((output - wanted).abs().max().item<double>(), 1e-5 * wanted.abs().max().item<double>());
}
INSTANTIATE_TEST_SUITE_P(Activations, ClipTextEncoderParity, ::testing::Values("quick", "exact", "legacy"),
                         [](const auto& info) { return std::string(info.param); });

ClipTextConfig small_config() {
  return {.vocabulary = 50,
          .dim = 16,
          .mlp_dim = 32,
          .layers = 2,
          .heads = 2,
          .context = 8,
          .projection_dim = 12,
          .exact_gelu = false,
          .layer_norm_eps = 1e-5,
          .end_token = 49};
}

TEST(ClipTextEncoder, WhatFollowsTheEndTokenDoesNotMatter) {
  ClipTextEncoder encoder(small_config());
  draw_weights(*encoder);
  const torch::NoGradGuard no_grad;
  const auto text = torch::tensor({48, 3, 49, 49, 49, 49}).unsqueeze(0);
  const auto followed = torch::tensor({48, 3, 49, 7, 49, 1}).unsqueeze(0);
  const auto other = torch::tensor({48, 4, 49, 49, 49, 49}).unsqueeze(0);
  EXPECT_TRUE(testing::all_close(encoder(followed), encoder(text)));
  EXPECT_TRUE(testing::all_close(encoder(text.narrow(1, 0, 3)), encoder(text)));
  EXPECT_FALSE(testing::all_close(encoder(other), encoder(text), 1e-2, 1e-2));
}

TEST(ClipTextEncoder, ATextWithoutEndOrLongerThanTheContextIsABrokenContract) {
  ClipTextEncoder encoder(small_config());
  EXPECT_THROW(encoder(torch::tensor({48, 3, 4}).unsqueeze(0)), c10::ValueError);
  EXPECT_THROW(encoder(torch::full({1, 9}, 49, torch::kInt64)), c10::ValueError);
}

/// A folder with config.json of small_config and its weights under their Hugging Face names.
void write_small_folder(const std::filesystem::path& folder, const std::function<void(NamedTensors&)>& change) {
  write_file_atomically(folder / "config.json",
                        R"({"vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
                            "num_attention_heads": 2, "max_position_embeddings": 8, "projection_dim": 12, "eos_token_id": 49})");
  ClipTextEncoder encoder(small_config());
  NamedTensors tensors;
  for (const auto& [name, tensor] : named_tensors(*encoder)) {
    tensors[name.starts_with("layers.")            ? "text_model.encoder." + name
            : name.starts_with("text_projection.") ? name
                                                   : "text_model." + name] = tensor;
  }
  change(tensors);
  save_tensors(folder / "model.safetensors", tensors);
}

TEST(ClipTextEncoder, RefusesWeightsThatDoNotFitNamingTheTensor) {
  const auto expect = [](const std::string& why, const std::function<void(NamedTensors&)>& change) {
    testing::TemporaryFolder folder;
    write_small_folder(folder.path(), change);
    EXPECT_THAT([&] { load_clip_text_encoder(folder.path()); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("model.safetensors"), HasSubstr(why))));
  };
  expect("'text_projection.weight'", [](NamedTensors& tensors) { tensors.erase("text_projection.weight"); });
  expect("'text_model.encoder.layers.1.mlp.fc1.bias'",
         [](NamedTensors& tensors) { tensors.erase("text_model.encoder.layers.1.mlp.fc1.bias"); });
  expect("'text_model.encoder.layers.2.mlp.fc1.bias'",
         [](NamedTensors& tensors) { tensors["text_model.encoder.layers.2.mlp.fc1.bias"] = torch::zeros({32}); });
  expect("wanted [16]",
         [](NamedTensors& tensors) { tensors["text_model.final_layer_norm.bias"] = torch::zeros({17}); });
  testing::TemporaryFolder folder;
  write_small_folder(folder.path(), [](NamedTensors&) {});
  const auto encoder = load_clip_text_encoder(folder.path());
  for (const auto& parameter : encoder->parameters()) EXPECT_FALSE(parameter.requires_grad());
}

TEST(ClipTextEncoder, RefusesAFolderWithoutWeightsOrWithAMissingShard) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { load_clip_text_encoder(folder.path()); },
              ThrowsMessage<DataError>(HasSubstr("no model.safetensors")));
  write_small_folder(folder.path(), [](NamedTensors&) {});
  std::filesystem::remove(folder / "model.safetensors");
  write_file_atomically(folder / "model.safetensors.index.json", R"({"weight_map": {"a": "model-1.safetensors"}})");
  EXPECT_THAT([&] { load_clip_text_encoder(folder.path()); },
              ThrowsMessage<DataError>(HasSubstr("model-1.safetensors")));
}

}  // namespace
}  // namespace skysense
