#include <gtest/gtest.h>

#include "clip/bpe_tokenizer.h"
#include "tests/text/clip_fixture.h"

namespace skysense {
namespace {

constexpr int64_t kContext = 77;

/// Rows of an array that was written as one run and the end of each row.
template <class Row, class Values>
std::vector<Row> rows_of(const Values& values, const torch::Tensor& ends) {
  std::vector<Row> rows;
  int64_t begin = 0;
  for (int64_t i = 0; i < ends.numel(); ++i) {
    const int64_t end = ends[i].item<int64_t>();
    rows.emplace_back(values.begin() + begin, values.begin() + end);
    begin = end;
  }
  return rows;
}

std::vector<int64_t> numbers_of(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

std::vector<std::string> texts_of(const testing::Fixture& fixture, const std::string& name) {
  const auto bytes = fixture[name + ".bytes"];
  return rows_of<std::string>(testing::bytes_of(bytes), fixture[name + ".ends"]);
}

class BpeTokenizerParity : public ::testing::TestWithParam<const char*> {};

// Tolerance: none. Odd texts, sentences in many languages and thousands of random texts, without and with padding and
// truncation.
TEST_P(BpeTokenizerParity, EveryTokenIsThatOfTransformers) {
  const std::string name = GetParam();
  const testing::Fixture fixture("clip_tokens");
  testing::TemporaryFolder folder;
  testing::write_files(fixture, name, folder.path());
  const BpeTokenizer tokenizer = read_bpe_tokenizer(folder.path());
  const auto texts = texts_of(fixture, "odd");
  ASSERT_GT(texts.size(), 3900u);
  const auto whole = rows_of<std::vector<int64_t>>(numbers_of(fixture[name + ".whole"]), fixture[name + ".whole_ends"]);
  const auto padded = fixture[name + ".padded"];
  for (size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(tokenizer.tokenize(texts[i]), whole[i]) << texts[i];
    ASSERT_EQ(tokenizer.encode(texts[i], kContext), numbers_of(padded[static_cast<int64_t>(i)])) << texts[i];
  }
}
INSTANTIATE_TEST_SUITE_P(Folders, BpeTokenizerParity, ::testing::Values("plain", "flags", "padding", "listed"),
                         [](const auto& info) { return std::string(info.param); });

// Every assigned character alone, after a blank and between letters.
TEST(BpeCharactersParity, EveryTokenIsThatOfTransformers) {
  const testing::Fixture fixture("clip_tokens");
  testing::TemporaryFolder folder;
  testing::write_files(fixture, "plain", folder.path());
  const BpeTokenizer tokenizer = read_bpe_tokenizer(folder.path());
  const auto texts = texts_of(fixture, "every");
  ASSERT_GT(texts.size(), 5000u);
  const auto whole = rows_of<std::vector<int64_t>>(numbers_of(fixture["every.whole"]), fixture["every.whole_ends"]);
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(tokenizer.tokenize(texts[i]), whole[i]) << texts[i];
}

}  // namespace
}  // namespace skysense
