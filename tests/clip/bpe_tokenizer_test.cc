#include "clip/bpe_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clip/clip_words.h"
#include "clip/unicode_text.h"
#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"
#include "tests/clip/small_vocabulary.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int64_t kStart = 512, kEnd = 513;  // of a vocabulary without merges

std::vector<std::string> words_of(const std::string& text) {
  const std::u32string normal = normalise_text(text);
  std::vector<std::string> words;
  for (const auto word : clip_words(normal)) words.push_back(utf8_of(word));
  return words;
}

TEST(ClipWords, SplitsLettersSingleDigitsContractionsAndTheRest) {
  EXPECT_THAT(words_of("It's 12 m², don't! 森林…"),
              ElementsAre("it", "'s", "1", "2", "m", "²", ",", "don", "'t", "!", "森林", "…"));
  EXPECT_THAT(words_of("''s"), ElementsAre("''", "s"));
  EXPECT_THAT(words_of("<|ENDOFTEXT|>!"), ElementsAre("<|", "endoftext", "|>", "!"));
  EXPECT_THAT(words_of(" \t\u00a0 "), ElementsAre());
}

TEST(NormaliseText, ComposesLowersAndCollapsesBlanks) {
  EXPECT_EQ(normalise_text("E\u0301 \t\u3000X"), U"é x");
  EXPECT_EQ(normalise_text("İΣ"), U"i\u0307σ");
  EXPECT_EQ(normalise_text(std::string("a\0b", 3)), std::u32string(U"a\0b", 3));
}

TEST(NormaliseText, RefusesWhatIsNotUtf8AndWhatIsTooLong) {
  for (const char* text : {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80"}) {
    EXPECT_THAT([&] { normalise_text(text); }, ThrowsMessage<DataError>(HasSubstr("not UTF-8"))) << text;
  }
  EXPECT_NO_THROW(normalise_text(std::string(kMaximumTextBytes, 'a')));
  EXPECT_THAT([&] { normalise_text(std::string(kMaximumTextBytes + 1, 'a')); },
              ThrowsMessage<DataError>(HasSubstr("too long")));
}

TEST(BpeTokenizer, MergesTheMostUrgentPairFirst) {
  // "abc": by the first rule b+c; were the leftmost pair taken, a+b.
  const auto tokenizer = testing::small_tokenizer({"b c</w>", "a b", "a bc</w>"});
  EXPECT_THAT(tokenizer.tokenize("abc"), ElementsAre(514));
  EXPECT_THAT(tokenizer.tokenize("abx"), ElementsAre(513, 256 + 'x'));
  EXPECT_THAT(testing::small_tokenizer({"a b", "b c</w>"}).tokenize("abc"), ElementsAre(512, 256 + 'c'));
}

TEST(BpeTokenizer, TheLastByteOfAWordIsAnotherToken) {
  const auto tokenizer = testing::small_tokenizer({});
  EXPECT_THAT(tokenizer.tokenize("aa a"), ElementsAre('a', 256 + 'a', 256 + 'a'));
  EXPECT_THAT(tokenizer.tokenize("é"), ElementsAre(0xC3, 256 + 0xA9));
}

TEST(BpeTokenizer, CutsBeforeTheEndTokenAndPads) {
  const auto tokenizer = testing::small_tokenizer({});
  EXPECT_THAT(tokenizer.encode("abc", 4), ElementsAre(kStart, 'a', 'b', kEnd));
  EXPECT_THAT(tokenizer.encode("ab", 6), ElementsAre(kStart, 'a', 256 + 'b', kEnd, kEnd, kEnd));
  EXPECT_THAT(tokenizer.encode("", 3), ElementsAre(kStart, kEnd, kEnd));
  EXPECT_EQ(tokenizer.limit(), kEnd + 1);
}

TEST(BpeTokenizer, FindsSpecialTokensInTheTextAsItCameOrInNormalText) {
  const auto raw = testing::small_tokenizer({});
  EXPECT_THAT(raw.tokenize("a<|endoftext|>"), ElementsAre(256 + 'a', kEnd));
  EXPECT_NE(raw.tokenize("<|ENDOFTEXT|>"), std::vector<int64_t>{kEnd});
  const auto normal = testing::small_tokenizer(
      {}, parse_tokenizer_settings({.config = R"({"bos_token": {"content": "<|startoftext|>", "normalized": true}})",
                                    .special_tokens = {},
                                    .tokenizer = {}},
                                   "clip"));
  EXPECT_THAT(normal.tokenize("<|StartOfText|>"), ElementsAre(kStart));
}

TEST(BpeTokenizer, PadsByTheTokenOfTheFolder) {
  testing::TemporaryFolder folder;
  write_file_atomically(folder / "vocab.json", testing::small_vocabulary({}));
  write_file_atomically(folder / "merges.txt", testing::merges_text({}));
  write_file_atomically(folder / "special_tokens_map.json", R"({"pad_token": "!"})");
  EXPECT_THAT(read_bpe_tokenizer(folder.path()).encode("a!", 6), ElementsAre(kStart, 256 + 'a', '!', kEnd, '!', '!'));
}

TEST(BpeTokenizer, ALongWordTakesNoQuadraticTime) {
  // 65,536 letters that merge pairwise: a scan of all pairs for each merge would take hours. Eights, then 4 + 2 + 1 and
  // the end.
  const auto tokenizer = testing::small_tokenizer({"a a", "aa aa", "aaaa aaaa"});
  EXPECT_EQ(tokenizer.tokenize(std::string(kMaximumTextBytes, 'a')).size(), kMaximumTextBytes / 8 - 1 + 4);
}

TEST(BpeTokenizer, RefusesAFolderWithoutItsFiles) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { read_bpe_tokenizer(folder.path()); }, ThrowsMessage<DataError>(HasSubstr("vocab.json: missing")));
  write_file_atomically(folder / "vocab.json", testing::small_vocabulary({}));
  EXPECT_THAT([&] { read_bpe_tokenizer(folder.path()); }, ThrowsMessage<DataError>(HasSubstr("merges.txt: missing")));
}

TEST(BpeVocabulary, RefusesIllFormedMergesNamingFileAndLine) {
  const std::string vocabulary = testing::small_vocabulary({"a b"});
  const auto expect = [&](const std::string& merges, const std::string& where, const std::string& why) {
    EXPECT_THAT([&] { BpeVocabulary(vocabulary, merges, "v/vocab.json", "v/merges.txt"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr(where), HasSubstr(why))))
        << merges;
  };
  expect("#version: 0.2\na b\na b\n", "v/merges.txt:3:", "stands twice");
  expect("#version: 0.2\nab\n", "v/merges.txt:2:", "two tokens");
  expect("a b\na b c\n", "v/merges.txt:2:", "two tokens");
  expect("a  b\n", "v/merges.txt:1:", "two tokens");
  expect(" b\n", "v/merges.txt:1:", "two tokens");
  expect("\na b\n", "v/merges.txt:1:", "two tokens");
  expect("a c\n", "v/merges.txt:1:", "'ac' is not in the vocabulary");
  expect("a b\n#version: 0.2\n", "v/merges.txt:2:", "not in the vocabulary");
  EXPECT_NO_THROW(BpeVocabulary(vocabulary, "a b", "v", "m"));
  EXPECT_NO_THROW(BpeVocabulary(vocabulary, "#version: 0.2\r\na b\r\n", "v", "m"));
}

TEST(BpeVocabulary, RefusesIllFormedVocabulariesNamingTheToken) {
  const auto expect = [](const std::string& vocabulary, const std::string& why) {
    EXPECT_THAT([&] { BpeVocabulary(vocabulary, "", "v/vocab.json", "v/merges.txt"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("v/vocab.json"), HasSubstr(why))))
        << vocabulary;
  };
  expect("", "no JSON object");
  expect("[1]", "no JSON object");
  expect(R"({"a": 0, "b")", "no JSON object");
  expect("{}", "no token");
  expect(R"({"a": 0, "b": 0})", "number 0 stands twice");
  expect(R"({"a": -1})", "'a'");
  expect(R"({"a": 1.0})", "'a'");
  expect(R"({"a": "0"})", "'a'");
  expect(R"({"a": 1e30})", "'a'");
  expect(R"({"a": 16777216})", "'a'");
}

TEST(TokenizerSettings, RefusesWhatIsNotDoneHere) {
  const auto expect = [](const TokenizerDocuments& documents, const std::string& file, const std::string& why) {
    EXPECT_THAT([&] { testing::small_tokenizer({}, parse_tokenizer_settings(documents, "clip")); },
                ThrowsMessage<DataError>(AllOf(HasSubstr(file), HasSubstr(why))));
  };
  expect({.config = R"({"eos_token": {"content": "<|endoftext|>", "lstrip": true}})",
          .special_tokens = {},
          .tokenizer = {}},
         "clip/tokenizer_config.json", "lstrip");
  expect({.config = "[", .special_tokens = {}, .tokenizer = {}}, "clip/tokenizer_config.json", "parse error");
  expect({.config = {}, .special_tokens = R"({"pad_token": 3})", .tokenizer = {}}, "clip/special_tokens_map.json",
         "type");
  expect({.config = R"({"pad_token": ""})", .special_tokens = {}, .tokenizer = {}}, "clip/tokenizer_config.json",
         "empty");
  expect({.config = R"({"added_tokens_decoder": {"x": {"content": "y"}}})", .special_tokens = {}, .tokenizer = {}},
         "clip/tokenizer_config.json", "'x'");
  expect({.config = R"({"added_tokens_decoder": {"7": {"content": "!"}}})", .special_tokens = {}, .tokenizer = {}},
         "vocab.json", "number 7");
  expect({.config = {}, .special_tokens = {}, .tokenizer = R"({"added_tokens": [{"content": "!", "id": 99999999}]})"},
         "vocab.json", "99999999");
  expect({.config = R"({"pad_token": "<pad>"})", .special_tokens = {}, .tokenizer = {}}, "vocab.json",
         "'<pad>' is not in");
}

}  // namespace
}  // namespace skysense
