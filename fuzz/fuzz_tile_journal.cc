#include <sstream>

#include "core/tile_journal.h"
#include "fuzz/target.h"

/// What is read of a journal lies within it, and no record is larger than allowed. Checksums keep a fuzzer out of what
/// lies behind them: the seeds are whole journals.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  constexpr int64_t kMost = 1 << 16;
  return skysense::fuzz::refuses_or_reads([&] {
    std::istringstream stream(skysense::fuzz::text_of(bytes, size));
    skysense::TileJournalReader reader(stream, "fuzz", kMost);
    int64_t whole = reader.whole_bytes();
    while (const auto record = reader.next()) {
      if (static_cast<int64_t>(record->bytes.size()) > kMost || reader.whole_bytes() <= whole) __builtin_trap();
      whole = reader.whole_bytes();
    }
    if (whole > static_cast<int64_t>(size) || static_cast<int64_t>(reader.header().size()) > whole) __builtin_trap();
  });
}
