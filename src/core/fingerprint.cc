#include "core/fingerprint.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace skysense {

std::string fingerprint(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw DataError(fmt::format("{}: cannot be read", file.string()));
  std::vector<char> buffer(1 << 20);
  uint64_t state = 0, total = 0;
  while (stream) {
    stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<size_t>(stream.gcount());
    std::memset(buffer.data() + count, 0, count % 8 == 0 ? 0 : 8 - count % 8);
    for (size_t i = 0; i < count; i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, buffer.data() + i, 8);
      state = mix(state, word);
    }
    total += count;
  }
  return fmt::format("{:016x}", mix(state, total));
}

}  // namespace skysense
