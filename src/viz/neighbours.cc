#include "viz/neighbours.h"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "core/parallel_for.h"

namespace skysense {
namespace {

constexpr int64_t kLanes = 32;  // rows that are compared at once: their sums stay in registers
constexpr int64_t kPiece = 64;  // rows that a thread takes

/// The rows in blocks of kLanes, value by value: [blocks, width, kLanes], the last block filled up with zeros.
std::vector<float> interleaved(std::span<const float> values, int64_t rows, int64_t width) {
  const int64_t blocks = (rows + kLanes - 1) / kLanes;
  std::vector<float> result(static_cast<size_t>(blocks * width * kLanes));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < width; ++i)
      result[static_cast<size_t>((row / kLanes * width + i) * kLanes + row % kLanes)] =
          values[static_cast<size_t>(row * width + i)];
  }
  return result;
}

using Candidate = std::pair<float, int32_t>;  // squared distance, row: their order is the order of nearness

/// The k nearest of those offered, as a heap with the farthest on top.
class Nearest {
 public:
  explicit Nearest(int64_t k) : k_(static_cast<size_t>(k)) { heap_.reserve(k_ + 1); }
  void clear() { heap_.clear(); }
  float farthest() const { return heap_.size() < k_ ? std::numeric_limits<float>::infinity() : heap_.front().first; }
  void offer(Candidate candidate) {
    if (heap_.size() == k_ && !(candidate < heap_.front())) return;
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end());
    if (heap_.size() > k_) {
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
  }
  const std::vector<Candidate>& sorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    return heap_;
  }

 private:
  const size_t k_;
  std::vector<Candidate> heap_;
};

std::array<float, kLanes> squared_distances(const float* row, const float* block, int64_t width) {
  std::array<float, kLanes> sums{};
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const float difference = row[i] - block[i * kLanes + lane];
      sums[static_cast<size_t>(lane)] += difference * difference;
    }
  }
  return sums;
}

}  // namespace

Neighbours nearest_neighbours(std::span<const float> values, int64_t width, int64_t k, int64_t threads,
                              const std::function<void(int64_t)>& progress) {
  const int64_t rows = width > 0 ? static_cast<int64_t>(values.size()) / width : 0;
  if (k < 1 || k >= rows || rows > std::numeric_limits<int32_t>::max() ||
      rows * width != static_cast<int64_t>(values.size()))
    throw std::logic_error("nearest_neighbours: no k rows beside each");
  const std::vector<float> blocks = interleaved(values, rows, width);
  Neighbours result{k, std::vector<int32_t>(static_cast<size_t>(rows * k)),
                    std::vector<float>(static_cast<size_t>(rows * k))};
  std::mutex mutex;
  int64_t done = 0;
  parallel_for(rows, kPiece, threads, [&](int64_t begin, int64_t end) {
    std::vector<Nearest> nearest(static_cast<size_t>(end - begin), Nearest(k));
    // Block by block for all rows of the piece: a block is read from memory once for them.
    for (int64_t first = 0; first < rows; first += kLanes) {
      for (int64_t row = begin; row < end; ++row) {
        Nearest& found = nearest[static_cast<size_t>(row - begin)];
        const auto distances = squared_distances(values.data() + row * width, blocks.data() + first * width, width);
        for (int64_t lane = 0; lane < std::min(kLanes, rows - first); ++lane) {
          const float distance = distances[static_cast<size_t>(lane)];
          if (distance <= found.farthest() && first + lane != row)
            found.offer({distance, static_cast<int32_t>(first + lane)});
        }
      }
    }
    for (int64_t row = begin; row < end; ++row) {
      size_t at = static_cast<size_t>(row * k);
      for (const auto& [distance, other] : nearest[static_cast<size_t>(row - begin)].sorted()) {
        result.rows[at] = other;
        result.squared_distances[at++] = distance;
      }
    }
    const std::lock_guard lock(mutex);
    done += end - begin;
    if (progress) progress(done);
  });
  return result;
}

}  // namespace skysense
