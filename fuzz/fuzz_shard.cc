#include "core/shard.h"
#include "fuzz/target.h"

/// What is read of a sidecar or a list of shards must be written back as text that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  skysense::fuzz::refuses_or_reads([&] {
    const auto sidecar = skysense::parse_sidecar(text, "fuzz");
    if (skysense::parse_sidecar(skysense::format_sidecar(sidecar), "rewritten") != sidecar) __builtin_trap();
    int64_t end = 0;
    for (const auto& member : sidecar.members) {
      if (member.offset < end || member.bytes < 0 || member.bytes > sidecar.tar_bytes - member.offset) __builtin_trap();
      end = member.offset + member.bytes;
    }
  });
  return skysense::fuzz::refuses_or_reads([&] {
    const auto list = skysense::parse_shard_list(text, "fuzz");
    if (skysense::parse_shard_list(skysense::format_shard_list(list), "rewritten") != list) __builtin_trap();
    for (const auto& shard : list.shards) {
      if (shard.tar.find('/') != std::string::npos) __builtin_trap();
    }
  });
}
