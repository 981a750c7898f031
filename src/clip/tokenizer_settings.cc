#include "clip/tokenizer_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using nlohmann::json;

/// A role's token: plain text, or an object with flags.
AddedToken parse_token(const json& value) {
  if (value.is_string()) return {.text = value.get<std::string>(), .number = {}, .in_normal_text = false};
  for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
    if (value.value(flag, false)) {
      throw DataError(
          fmt::format("token '{}' has '{}', which is not supported", value.at("content").get<std::string>(), flag));
    }
  }
  return {
      .text = value.at("content").get<std::string>(), .number = {}, .in_normal_text = value.value("normalized", false)};
}

class Settings {
 public:
  /// Roles named in a document; those of later documents win.
  void read_roles(const json& document) {
    for (const auto& [key, role] : roles_) {
      const auto found = document.find(key);
      if (found == document.end()) continue;
      role_tokens_[key] = found->is_null() ? parse_token(settings_.end) : parse_token(*found);
    }
  }
  /// "added_tokens_decoder": {"49406": {"content": …}}.
  void read_listed(const json& decoder) {
    for (const auto& [key, value] : decoder.items()) {
      int64_t number = -1;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
      if (error != std::errc() || end != key.data() + key.size() || number < 0) {
        throw DataError(fmt::format("added_tokens_decoder has the key '{}', which is no token number", key));
      }
      add_listed(parse_token(value), number);
    }
  }
  /// "added_tokens": [{"id": 49406, "content": …}].
  void read_list(const json& tokens) {
    for (const json& value : tokens) add_listed(parse_token(value), whole_number(value, "id"));
  }
  TokenizerSettings finish() {
    for (const auto& [key, token] : role_tokens_) *roles_.at(key) = token.text;
    std::map<std::string, bool> in_normal_text;
    for (const auto& [key, role] : roles_) {
      const auto named = role_tokens_.find(key);
      const bool wish = named != role_tokens_.end() && named->second.in_normal_text;
      const auto [entry, fresh] = in_normal_text.emplace(*role, wish);
      if (!fresh) entry->second = entry->second && wish;
    }
    for (const auto& [text, wish] : in_normal_text) {
      if (text.empty()) throw DataError("a special token is empty");
      if (!is_listed(text)) settings_.added.push_back({.text = text, .number = {}, .in_normal_text = wish});
    }
    return settings_;
  }

 private:
  bool is_listed(const std::string& text) const {
    return std::any_of(settings_.added.begin(), settings_.added.end(),
                       [&](const AddedToken& token) { return token.text == text; });
  }
  void add_listed(AddedToken token, int64_t number) {
    if (token.text.empty() || is_listed(token.text)) {
      throw DataError(fmt::format("added token '{}' is empty or stands twice", token.text));
    }
    token.number = number;
    settings_.added.push_back(std::move(token));
  }

  TokenizerSettings settings_;
  const std::map<std::string, std::string*> roles_ = {{"bos_token", &settings_.start},
                                                      {"eos_token", &settings_.end},
                                                      {"unk_token", &settings_.unknown},
                                                      {"pad_token", &settings_.padding}};
  std::map<std::string, AddedToken> role_tokens_;
};

/// Gives the document to `read`; what it finds wrong gets the file's name before it.
template <class Read>
void with_document(const std::string& text, const std::filesystem::path& file, Read read) {
  if (text.empty()) return;
  try {
    const json document = json::parse(text);
    if (!document.is_object()) throw DataError("it is no JSON object");
    read(document);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: {}", file.string(), error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace

TokenizerSettings parse_tokenizer_settings(const TokenizerDocuments& documents, const std::filesystem::path& folder) {
  Settings settings;
  bool lists_tokens = false;
  const auto config = folder / "tokenizer_config.json";
  with_document(documents.config, config, [&](const json& document) {
    settings.read_roles(document);
    lists_tokens = document.contains("added_tokens_decoder");
    if (lists_tokens) settings.read_listed(document.at("added_tokens_decoder"));
  });
  if (!lists_tokens) {
    with_document(documents.special_tokens, folder / "special_tokens_map.json",
                  [&](const json& document) { settings.read_roles(document); });
    with_document(documents.tokenizer, folder / "tokenizer.json",
                  [&](const json& document) { settings.read_list(document.value("added_tokens", json::array())); });
  }
  try {
    return settings.finish();
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", config.string(), error.what()));
  }
}

}  // namespace skysense
