#include "detection/match_boxes.h"

#include <ATen/ops/full.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <vector>

namespace skysense {
namespace {

constexpr int64_t kPairs = int64_t{1} << 24;  // overlaps at once: 64 MB

/// One piece of the boxes.
struct Piece {
  int64_t begin, end;
  torch::Tensor best, object;  // [end - begin]: the largest overlap and with which object
  torch::Tensor largest;       // [G]: of each object within the piece
};

}  // namespace

torch::Tensor match_boxes(const Overlaps& overlaps, int64_t objects, int64_t boxes, const MatchOptions& options,
                          torch::Device device) {
  TORCH_CHECK_VALUE(options.background_iou <= options.foreground_iou, "background_iou ", options.background_iou,
                    " must not exceed foreground_iou ", options.foreground_iou);
  auto matches = at::full({boxes}, kBackground, at::TensorOptions(at::kLong).device(device));
  if (objects == 0 || boxes == 0) return matches;

  std::vector<Piece> pieces;
  torch::Tensor largest, kept;  // kept: the only piece's overlaps
  const int64_t step = std::max<int64_t>(1, kPairs / objects);
  for (int64_t begin = 0; begin < boxes; begin += step) {
    Piece piece{.begin = begin, .end = std::min(boxes, begin + step), .best = {}, .object = {}, .largest = {}};
    const auto iou = overlaps(begin, piece.end);
    std::tie(piece.best, piece.object) = iou.max(0);
    piece.largest = std::get<0>(iou.max(1));
    largest = largest.defined() ? at::maximum(largest, piece.largest) : piece.largest;
    if (piece.end - begin == boxes) kept = iou;
    auto match = piece.object.masked_fill(piece.best < options.foreground_iou, kIgnored);
    matches.narrow(0, begin, piece.end - begin)
        .copy_(match.masked_fill_(piece.best < options.background_iou, kBackground));
    pieces.push_back(std::move(piece));
  }
  if (!options.low_quality_iou) return matches;
  const auto good = largest >= *options.low_quality_iou;
  for (const Piece& piece : pieces) {
    // Overlaps are the same when they are computed again: only a piece with some object's largest is looked at.
    const auto here = good.logical_and(piece.largest == largest);
    if (!here.any().item<bool>()) continue;
    const auto iou = kept.defined() ? kept : overlaps(piece.begin, piece.end);
    const auto nearest = (iou == largest.unsqueeze(1)).logical_and_(here.unsqueeze(1)).any(0);
    auto match = matches.narrow(0, piece.begin, piece.end - piece.begin);
    match.copy_(at::where(nearest, piece.object, match));
  }
  return matches;
}

}  // namespace skysense
