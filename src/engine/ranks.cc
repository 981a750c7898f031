#include "engine/ranks.h"

#include <cstring>

namespace skysense {

const Ranks& alone() {
  static const Ranks kAlone;
  return kAlone;
}

GatheredRows gather_rows(const Ranks& ranks, const torch::Tensor& own) {
  TORCH_CHECK_VALUE(own.dim() == 2, "gather_rows: rows have two dimensions, got ", own.sizes());
  if (ranks.size() == 1) return {own.detach(), 0};
  const int64_t count = own.size(0), rank = ranks.rank();
  auto shapes = torch::zeros({ranks.size(), 2}, torch::kLong);
  shapes[rank][0] = count, shapes[rank][1] = count > 0 ? own.size(1) : 0;
  shapes = ranks.sum(shapes.to(own.device())).cpu();
  const auto counts = shapes.select(1, 0), widths = shapes.select(1, 1);
  const int64_t width = widths.max().item<int64_t>(), first = counts.narrow(0, 0, rank).sum().item<int64_t>();
  auto rows = torch::zeros({counts.sum().item<int64_t>(), width}, own.options().requires_grad(false));
  if (count > 0) rows.narrow(0, first, count).copy_(own.detach());
  return {rows.numel() > 0 ? ranks.sum(rows) : rows, first};
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
