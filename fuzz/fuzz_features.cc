#include <span>

#include "core/feature_file.h"
#include "fuzz/target.h"

/// What the parser accepts is a table of finite values that survives a rewrite.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  return skysense::fuzz::refuses_or_reads([&] {
    const auto features = skysense::parse_feature_file(std::as_bytes(std::span(bytes, size)), "fuzz");
    const auto rows = static_cast<size_t>(features.rows());
    if (rows == 0 || rows * static_cast<size_t>(features.width) != features.values.size()) __builtin_trap();
    if (!features.labels.empty() && features.labels.size() != rows) __builtin_trap();
    if (!features.ids.empty() && features.ids.size() != rows) __builtin_trap();
    if (!features.labels.empty() && features.class_name(features.labels.front()).empty() &&
        features.class_names.empty())
      __builtin_trap();
    const std::string copy = skysense::serialise_features(features);
    const auto again = skysense::parse_feature_file(std::as_bytes(std::span(copy)), "rewritten");
    if (again.values != features.values || again.labels != features.labels) __builtin_trap();
  });
}
