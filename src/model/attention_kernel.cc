// Built with products and sums contracted into FMA (src/CMakeLists.txt): its bits depend on the width of vectors, as
// those of the libraries that multiply matrices do.
#include "model/attention_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

#include "core/wide_vectors.h"

namespace skysense {
namespace {

constexpr int64_t kKeys = 64;  // of a block: its scores and the block's queries and sums are 25 KB at a width of 32

/// A number for each query of a block: lines of the cache, which no vector straddles.
struct alignas(64) Lanes {
  float of[kAttentionQueries];
};

/// Vectors of so many bytes. A lane is a query, so that neither the largest score nor the sum of a softmax crosses
/// lanes.
template <int64_t kBytes>
struct Vectors {
  typedef float Pack __attribute__((vector_size(kBytes)));
  typedef int32_t Bits __attribute__((vector_size(kBytes)));
  static constexpr int64_t kLanes = kBytes / static_cast<int64_t>(sizeof(float));
  static constexpr int64_t kPacks = kAttentionQueries / kLanes;
  static constexpr int64_t kRows = kBytes == 64 ? 8 : kBytes == 32 ? 2 : 1;  // whose sums fit the registers together
};

// A pack at a time: arrays of them, copied whole, would live in memory.
template <class V>
[[gnu::always_inline]] inline typename V::Pack load(const Lanes& lanes, int64_t pack) {
  typename V::Pack loaded;
  std::memcpy(&loaded, lanes.of + pack * V::kLanes, sizeof(loaded));
  return loaded;
}

template <class V>
[[gnu::always_inline]] inline void store(Lanes& lanes, int64_t pack, const typename V::Pack& stored) {
  std::memcpy(lanes.of + pack * V::kLanes, &stored, sizeof(stored));
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
template <class V, int64_t kRows, bool kOnto>
[[gnu::always_inline]] inline void multiply(const float* a, int64_t row, int64_t term, const Lanes* b, int64_t terms,
                                            Lanes* sums) {
  typename V::Pack sum[kRows][V::kPacks];
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t p = 0; p < V::kPacks; ++p) sum[r][p] = kOnto ? load<V>(sums[r], p) : typename V::Pack{};
  }
  for (int64_t t = 0; t < terms; ++t) {
    typename V::Pack packs[V::kPacks];
    for (int64_t p = 0; p < V::kPacks; ++p) packs[p] = load<V>(b[t], p);
    for (int64_t r = 0; r < kRows; ++r) {
      const float factor = a[r * row + t * term];
      for (int64_t p = 0; p < V::kPacks; ++p) sum[r][p] += packs[p] * factor;
    }
  }
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t p = 0; p < V::kPacks; ++p) store<V>(sums[r], p, sum[r][p]);
  }
}

/// The same for any number of rows.
template <class V, bool kOnto>
[[gnu::always_inline]] inline void multiply_rows(int64_t rows, const float* a, int64_t row, int64_t term,
                                                 const Lanes* b, int64_t terms, Lanes* sums) {
  int64_t r = 0;
  for (; r + V::kRows <= rows; r += V::kRows) multiply<V, V::kRows, kOnto>(a + r * row, row, term, b, terms, sums + r);
  for (; r < rows; ++r) multiply<V, 1, kOnto>(a + r * row, row, term, b, terms, sums + r);
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
template <class V>
[[gnu::always_inline]] inline void weigh(Block& block, int64_t keys) {
  using Pack = typename V::Pack;
  Pack largest[V::kPacks], sums[V::kPacks] = {};
  for (int64_t p = 0; p < V::kPacks; ++p) largest[p] = load<V>(block.largest, p);
  for (int64_t key = 0; key < keys; ++key) {
    for (int64_t p = 0; p < V::kPacks; ++p) {
      const Pack score = load<V>(block.scores[key], p);
      largest[p] = score > largest[p] ? score : largest[p];
    }
  }
  for (int64_t key = 0; key < keys; ++key) {
    Lanes& scores = block.scores[key];
    for (int64_t p = 0; p < V::kPacks; ++p) {
      const Pack weight = exp2_of<V>(load<V>(scores, p) - largest[p]);
      sums[p] += weight;
      store<V>(scores, p, weight);
    }
  }
  for (int64_t p = 0; p < V::kPacks; ++p) {
    const Pack kept = exp2_of<V>(load<V>(block.largest, p) - largest[p]);
    store<V>(block.largest, p, largest[p]);
    store<V>(block.sums, p, load<V>(block.sums, p) * kept + sums[p]);
    for (Lanes& mixed : block.mixed) store<V>(mixed, p, load<V>(mixed, p) * kept);
  }
}

template <class V>
[[gnu::always_inline]] inline void attend_block(Block& block, const HeadRows& k, const HeadRows& v, int64_t width) {
  std::fill(block.mixed.begin(), block.mixed.end(), Lanes{});
  block.sums = {};
  std::fill_n(block.largest.of, kAttentionQueries, std::numeric_limits<float>::lowest());
  for (int64_t begin = 0; begin < k.count; begin += kKeys) {
    const int64_t keys = std::min(kKeys, k.count - begin);
    multiply_rows<V, false>(keys, k.data + begin * k.stride, k.stride, 1, block.queries.data(), width, block.scores);
    weigh<V>(block, keys);
    multiply_rows<V, true>(width, v.data + begin * v.stride, 1, v.stride, block.scores, keys, block.mixed.data());
  }
}

constexpr int64_t bytes_of(VectorWidth vectors) {
  return vectors == VectorWidth::kAvx512 ? 64 : vectors == VectorWidth::kAvx2 ? 32 : 16;
}

}  // namespace

bool has_attention_kernel() { return vectors_in_use() != VectorWidth::kBaseline; }

void attend_head(const HeadRows& q, const HeadRows& k, const HeadRows& v, int64_t width, float* mixed,
                 int64_t mixed_stride) {
  const auto scale = static_cast<float>(std::numbers::log2e / std::sqrt(static_cast<double>(width)));
  Block block(width);
  for (int64_t begin = 0; begin < q.count; begin += kAttentionQueries) {
    const int64_t count = std::min(kAttentionQueries, q.count - begin);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t d = 0; d < width; ++d) block.queries[d].of[i] = q.data[(begin + i) * q.stride + d] * scale;
    }
    with_wide_vectors([&](auto vectors) __attribute__((always_inline)) {
      attend_block<Vectors<bytes_of(vectors)>>(block, k, v, width);
    });
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t d = 0; d < width; ++d)
        mixed[(begin + i) * mixed_stride + d] = block.mixed[d].of[i] / block.sums.of[i];
    }
  }
}

}  // namespace skysense
