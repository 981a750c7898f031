#include "engine/ranks.h"

#include <cstring>

namespace skysense {

const Ranks& alone() {
  static const Ranks kAlone;
  return kAlone;
}

std::string text_of_first(const Ranks& ranks, const std::string& own) {
  constexpr size_t kLimit = 64 << 10;
  TORCH_CHECK_VALUE(own.size() < kLimit, "text_of_first: ", own.size(), " bytes");
  if (ranks.size() == 1) return own;
  auto bytes = torch::zeros({static_cast<int64_t>(kLimit)}, torch::kUInt8);
  if (ranks.is_first()) std::memcpy(bytes.mutable_data_ptr<uint8_t>(), own.data(), own.size());
  ranks.copy_from(0, {bytes});
  return reinterpret_cast<const char*>(bytes.const_data_ptr<uint8_t>());
}

}  // namespace skysense
