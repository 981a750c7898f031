#include "core/tar.h"

#include <fmt/format.h>

#include <numeric>
#include <stdexcept>

namespace skysense {
namespace {

// Fields of the header block: where they begin (POSIX.1-1988).
constexpr size_t kMode = 100, kOwner = 108, kGroup = 116, kSize = 124, kTime = 136, kChecksum = 148, kType = 156,
                 kMagic = 257;

}  // namespace

std::string tar_header(std::string_view name, int64_t bytes) {
  if (name.empty() || static_cast<int64_t>(name.size()) > kTarMaxName || bytes < 0 || bytes > kTarMaxMember)
    throw std::logic_error(fmt::format("tar_header: '{}' of {} bytes", name, bytes));
  std::string block(kTarBlock, '\0');
  const auto put = [&](size_t at, std::string_view text) { text.copy(block.data() + at, text.size()); };
  put(0, name);
  put(kMode, "0000644");
  put(kOwner, "0000000");
  put(kGroup, "0000000");
  put(kSize, fmt::format("{:011o}", bytes));
  put(kTime, "00000000000");
  put(kChecksum, "        ");
  put(kType, "0");
  put(kMagic, std::string_view("ustar\00000", 8));
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U,
                                       [](unsigned total, char c) { return total + static_cast<unsigned char>(c); });
  put(kChecksum, fmt::format("{:06o}", sum));
  block[kChecksum + 6] = '\0';
  return block;
}

int64_t tar_padding(int64_t bytes) { return (kTarBlock - bytes % kTarBlock) % kTarBlock; }

}  // namespace skysense
