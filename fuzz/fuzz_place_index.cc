#include "core/place_index.h"
#include "fuzz/target.h"

/// A line that is read must be written back as a line that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  return skysense::fuzz::refuses_or_reads([&] {
    const auto place = skysense::parse_place(skysense::fuzz::text_of(bytes, size), "fuzz:1");
    const std::string line = skysense::format_place(place);
    if (line.find('\n') != std::string::npos) __builtin_trap();
    if (skysense::format_place(skysense::parse_place(line, "rewritten:1")) != line) __builtin_trap();
  });
}
