// Built with products and sums contracted into FMA (src/CMakeLists.txt): its bits depend on the width of vectors, as
// those of the libraries that multiply matrices do.
#include "model/attention_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "core/packs.h"

namespace skysense {
namespace {

// Of a block, at most: its scores and the block's queries and sums are 27 KB at a width of 32. So many that the 68
// tokens of an 8 x 8 grid with its prompts are one block.
constexpr int64_t kKeys = 80;

/// A number for each query of a block: lines of the cache, which no vector straddles.
struct alignas(64) Lanes {
  float of[kAttentionQueries];
};

/// Vectors of so many bytes. A lane is a query, so that neither the largest score nor the sum of a softmax crosses
/// lanes.
template <int64_t kBytes>
struct Vectors : Packs<kBytes> {
  static constexpr int64_t kRows = kBytes == 64 ? 8 : kBytes == 32 ? 2 : 1;  // whose sums fit the registers together
};

// A pack at a time: arrays of them, copied whole, would live in memory.
template <class V>
[[gnu::always_inline]] inline typename V::Pack pack_of(const Lanes& lanes, int64_t pack) {
  return load<V>(lanes.of + pack * V::kLanes);
}

template <class V>
[[gnu::always_inline]] inline void set_pack(Lanes& lanes, int64_t pack, const typename V::Pack& stored) {
  store<V>(lanes.of + pack * V::kLanes, stored);
}

/// Of rows kStep apart in a square, swaps the upper one's blocks of kStep lanes off the diagonal with the lower one's.
template <class V, int64_t kStep, int64_t... kLane>
[[gnu::always_inline]] inline void swap_blocks(typename V::Pack& upper, typename V::Pack& lower,
                                               std::integer_sequence<int64_t, kLane...>) {
  const auto swapped = __builtin_shufflevector(upper, lower, (kLane & kStep ? V::kLanes + kLane - kStep : kLane)...);
  lower = __builtin_shufflevector(upper, lower, (kLane & kStep ? V::kLanes + kLane : kLane + kStep)...);
  upper = swapped;
}

/// A square of rows and lanes, by blocks of kStep and then of twice as many.
template <class V, int64_t kStep = 1>
[[gnu::always_inline]] inline void transpose(typename V::Pack (&square)[V::kLanes]) {
  for (int64_t r = 0; r < V::kLanes; ++r) {
    if ((r & kStep) == 0)
      swap_blocks<V, kStep>(square[r], square[r + kStep], std::make_integer_sequence<int64_t, V::kLanes>());
  }
  if constexpr (2 * kStep < V::kLanes) transpose<V, 2 * kStep>(square);
}

/// 2^x for x <= 0, relative error 1e-7; below -126 as there. NaN stays NaN.
template <class V>
[[gnu::always_inline]] inline typename V::Pack exp2_of(typename V::Pack x) {
  using Pack = typename V::Pack;
  constexpr float kLowest = -126, kExponent = 127;
  constexpr float kRounder = 12582912;  // 1.5 * 2^23: what is added to it is rounded to a whole number, in its low bits
  constexpr int kMantissa = 23;
  x = x < kLowest ? Pack{} + kLowest : x;
  const Pack shifted = x + kRounder;
  const Pack rest = x - (shifted - kRounder);  // in [-1/2, 1/2]
  // Of the least largest relative error on that interval, 3e-9, for a polynomial that is 1 at 0.
  Pack power = Pack{} + 1.55946776e-4F;
  power = power * rest + 1.34066439e-3F;
  power = power * rest + 9.61769297e-3F;
  power = power * rest + 5.55031055e-2F;
  power = power * rest + 2.40226528e-1F;
  power = power * rest + 6.93147215e-1F;
  power = power * rest + 1.0F;
  const Pack biased = shifted + kExponent;
  typename V::Bits exponent;
  std::memcpy(&exponent, &biased, sizeof(exponent));
  exponent <<= kMantissa;
  Pack scale;
  std::memcpy(&scale, &exponent, sizeof(scale));
  return power * scale;
}

/// sums [kRows] (+)= a [kRows, terms] b [terms]; a's element (r, t) is at r * row + t * term.
template <class V, int64_t kPacks, int64_t kRows, bool kOnto>
[[gnu::always_inline]] inline void multiply(const float* a, int64_t row, int64_t term, const Lanes* b, int64_t terms,
                                            Lanes* sums) {
  typename V::Pack sum[kRows][kPacks];
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t p = 0; p < kPacks; ++p) sum[r][p] = typename V::Pack{};
  }
  for (int64_t t = 0; t < terms; ++t) {
    typename V::Pack packs[kPacks];
    for (int64_t p = 0; p < kPacks; ++p) packs[p] = pack_of<V>(b[t], p);
    for (int64_t r = 0; r < kRows; ++r) {
      const float factor = a[r * row + t * term];
      for (int64_t p = 0; p < kPacks; ++p) sum[r][p] += packs[p] * factor;
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t p = 0; p < kPacks; ++p)
      set_pack<V>(sums[r], p, kOnto ? pack_of<V>(sums[r], p) + sum[r][p] : sum[r][p]);
  }
}

/// The same for any number of rows.
template <class V, int64_t kPacks, bool kOnto>
[[gnu::always_inline]] inline void multiply_rows(int64_t rows, const float* a, int64_t row, int64_t term,
                                                 const Lanes* b, int64_t terms, Lanes* sums) {
  int64_t r = 0;
  for (; r + V::kRows <= rows; r += V::kRows)
    multiply<V, kPacks, V::kRows, kOnto>(a + r * row, row, term, b, terms, sums + r);
  for (; r < rows; ++r) multiply<V, kPacks, 1, kOnto>(a + r * row, row, term, b, terms, sums + r);
}

/// What a block of queries works on.
struct Block {
  explicit Block(int64_t width) : queries(width), mixed(width) {}

  std::vector<Lanes> queries;  // transposed and scaled
  std::vector<Lanes> mixed;    // transposed, before it is divided by the sums
  Lanes scores[kKeys];
  Lanes largest;
  Lanes sums;
};

/// Scores of `keys` keys, the base-2 logarithms of what they weigh -> what they weigh beside the largest so far; what
/// was summed before is brought to that.
template <class V, int64_t kPacks>
[[gnu::always_inline]] inline void weigh(Block& block, int64_t keys) {
  using Pack = typename V::Pack;
  Pack largest[kPacks], sums[kPacks] = {};
  for (int64_t p = 0; p < kPacks; ++p) largest[p] = pack_of<V>(block.largest, p);
  for (int64_t key = 0; key < keys; ++key) {
    for (int64_t p = 0; p < kPacks; ++p) {
      const Pack score = pack_of<V>(block.scores[key], p);
      largest[p] = score > largest[p] ? score : largest[p];
    }
  }
  for (int64_t key = 0; key < keys; ++key) {
    Lanes& scores = block.scores[key];
    for (int64_t p = 0; p < kPacks; ++p) {
      const Pack weight = exp2_of<V>(pack_of<V>(scores, p) - largest[p]);
      sums[p] += weight;
      set_pack<V>(scores, p, weight);
    }
  }
  for (int64_t p = 0; p < kPacks; ++p) {
    const Pack kept = exp2_of<V>(pack_of<V>(block.largest, p) - largest[p]);
    set_pack<V>(block.largest, p, largest[p]);
    set_pack<V>(block.sums, p, pack_of<V>(block.sums, p) * kept + sums[p]);
    for (Lanes& mixed : block.mixed) set_pack<V>(mixed, p, pack_of<V>(mixed, p) * kept);
  }
}

/// Queries from `begin` on -> block.queries; lanes past the last one repeat it.
template <class V, int64_t kPacks>
[[gnu::always_inline]] inline void take_queries(const HeadRows& q, int64_t begin, int64_t width, float scale,
                                                Block& block) {
  for (int64_t p = 0; p < kPacks; ++p) {
    const auto row = [&](int64_t lane) __attribute__((always_inline)) {
      return q.data + std::min(begin + p * V::kLanes + lane, q.count - 1) * q.stride;
    };
    int64_t d = 0;
    for (; d + V::kLanes <= width; d += V::kLanes) {
      typename V::Pack square[V::kLanes];
      for (int64_t r = 0; r < V::kLanes; ++r) square[r] = load<V>(row(r) + d) * scale;
      transpose<V>(square);
      for (int64_t r = 0; r < V::kLanes; ++r) set_pack<V>(block.queries[d + r], p, square[r]);
    }
    for (; d < width; ++d) {
      for (int64_t r = 0; r < V::kLanes; ++r) block.queries[d].of[p * V::kLanes + r] = row(r)[d] * scale;
    }
  }
}

/// block.mixed over the sums -> `count` rows.
template <class V, int64_t kPacks>
[[gnu::always_inline]] inline void give_mixed(const Block& block, int64_t count, int64_t width, float* rows,
                                              int64_t stride) {
  for (int64_t p = 0; p < kPacks; ++p) {
    const int64_t first = p * V::kLanes, lanes = std::min(V::kLanes, count - first);
    const auto share = 1 / pack_of<V>(block.sums, p);
    int64_t d = 0;
    for (; d + V::kLanes <= width; d += V::kLanes) {
      typename V::Pack square[V::kLanes];
      for (int64_t r = 0; r < V::kLanes; ++r) square[r] = pack_of<V>(block.mixed[d + r], p) * share;
      transpose<V>(square);
      for (int64_t r = 0; r < V::kLanes; ++r) {
        if (r < lanes) store<V>(rows + (first + r) * stride + d, square[r]);
      }
    }
    for (; d < width; ++d) {
      for (int64_t r = 0; r < lanes; ++r) rows[(first + r) * stride + d] = block.mixed[d].of[first + r] * share[r];
    }
  }
}

/// Queries from `begin` on, kPacks of them or what is left.
template <class V, int64_t kPacks>
[[gnu::always_inline]] inline void attend_block(Block& block, const HeadRows& q, int64_t begin, const HeadRows& k,
                                                const HeadRows& v, int64_t width, float* mixed, int64_t stride) {
  const auto scale = static_cast<float>(std::numbers::log2e / std::sqrt(static_cast<double>(width)));
  take_queries<V, kPacks>(q, begin, width, scale, block);
  std::fill(block.mixed.begin(), block.mixed.end(), Lanes{});
  block.sums = {};
  std::fill_n(block.largest.of, kAttentionQueries, std::numeric_limits<float>::lowest());
  const int64_t blocks = (k.count + kKeys - 1) / kKeys;
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t first = k.count * i / blocks, keys = k.count * (i + 1) / blocks - first;
    multiply_rows<V, kPacks, false>(keys, k.data + first * k.stride, k.stride, 1, block.queries.data(), width,
                                    block.scores);
    weigh<V, kPacks>(block, keys);
    multiply_rows<V, kPacks, true>(width, v.data + first * v.stride, 1, v.stride, block.scores, keys,
                                   block.mixed.data());
  }
  give_mixed<V, kPacks>(block, std::min(kPacks * V::kLanes, q.count - begin), width, mixed + begin * stride, stride);
}

/// The last block has as many packs as its queries need, in thirds of a whole one.
template <class V>
[[gnu::always_inline]] inline void attend_rows(const HeadRows& q, const HeadRows& k, const HeadRows& v, int64_t width,
                                               float* mixed, int64_t stride) {
  constexpr int64_t kThird = kAttentionQueries / 3;
  Block block(width);
  for (int64_t begin = 0; begin < q.count; begin += kAttentionQueries) {
    const int64_t left = q.count - begin;
    if (left > 2 * kThird) {
      attend_block<V, 3 * kThird / V::kLanes>(block, q, begin, k, v, width, mixed, stride);
    } else if (left > kThird) {
      attend_block<V, 2 * kThird / V::kLanes>(block, q, begin, k, v, width, mixed, stride);
    } else {
      attend_block<V, kThird / V::kLanes>(block, q, begin, k, v, width, mixed, stride);
    }
  }
}

}  // namespace

bool has_attention_kernel() { return vectors_in_use() != VectorWidth::kBaseline; }

void attend_head(const HeadRows& q, const HeadRows& k, const HeadRows& v, int64_t width, float* mixed,
                 int64_t mixed_stride) {
  with_wide_vectors([&](auto vectors) __attribute__((always_inline)) {
    attend_rows<Vectors<pack_bytes(vectors)>>(q, k, v, width, mixed, mixed_stride);
  });
}

}  // namespace skysense
