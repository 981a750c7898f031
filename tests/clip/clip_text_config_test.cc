#include "clip/clip_text_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ClipTextConfig, ReadsATextModel) {
  const auto config = parse_clip_text_config(
      R"({"model_type": "clip_text_model", "hidden_size": 768, "num_attention_heads": 12, "projection_dim": 640,
          "hidden_act": "gelu", "layer_norm_eps": 1e-6, "eos_token_id": 2})",
      "config.json");
  EXPECT_EQ(config.dim, 768);
  EXPECT_EQ(config.heads, 12);
  EXPECT_EQ(config.projection_dim, 640);
  EXPECT_TRUE(config.exact_gelu);
  EXPECT_EQ(config.layer_norm_eps, 1e-6);
  EXPECT_EQ(config.end_token, 2);
  EXPECT_EQ(config.vocabulary, 49408);
  EXPECT_EQ(config.context, 77);
}

TEST(ClipTextConfig, AWholeModelStatesTheProjectionItself) {
  const auto config = parse_clip_text_config(
      R"({"model_type": "clip", "projection_dim": 768, "text_config": {"hidden_size": 512, "projection_dim": 3},
          "text_config_dict": {"hidden_size": 768, "num_attention_heads": 12}, "vision_config": {"hidden_size": 1024}})",
      "config.json");
  EXPECT_EQ(config.projection_dim, 768);
  EXPECT_EQ(config.dim, 768);
  EXPECT_EQ(config.heads, 12);
  EXPECT_EQ(parse_clip_text_config(R"({"text_config": {"projection_dim": 3}})", "c").projection_dim, 512);
}

TEST(ClipTextConfig, RefusesWhatMakesNoSenseNamingTheKey) {
  const auto expect = [](const std::string& text, const std::string& why) {
    EXPECT_THAT([&] { parse_clip_text_config(text, "f/config.json"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("f/config.json"), HasSubstr(why))))
        << text;
  };
  expect("", "parse error");
  expect("[]", "no JSON object");
  expect(R"({"model_type": "siglip"})", "siglip");
  expect(R"({"hidden_size": 0})", "hidden_size");
  expect(R"({"hidden_size": 1e30})", "hidden_size");
  expect(R"({"num_hidden_layers": 100000})", "num_hidden_layers");
  expect(R"({"hidden_size": 100, "num_attention_heads": 7})", "num_attention_heads");
  expect(R"({"hidden_act": "relu"})", "relu");
  expect(R"({"layer_norm_eps": 0})", "layer_norm_eps");
  expect(R"({"eos_token_id": [1, 2]})", "eos_token_id");
  expect(R"({"max_position_embeddings": 1})", "max_position_embeddings");
}

TEST(WeightIndex, NamesFilesOfTheSameFolderOnly) {
  EXPECT_EQ(parse_weight_index(R"({"weight_map": {"a": "model-1.safetensors"}})", "i").at("a"), "model-1.safetensors");
  for (const char* text :
       {R"({"weight_map": {"a": "../x"}})", R"({"weight_map": {"a": "/etc/x"}})", R"({"weight_map": {"a": ""}})",
        R"({"weight_map": {}})", R"({"weight_map": {"a": 1}})", "{}", "["}) {
    EXPECT_THAT([&] { parse_weight_index(text, "f/index.json"); }, ThrowsMessage<DataError>(HasSubstr("f/index.json")))
        << text;
  }
}

}  // namespace
}  // namespace skysense
