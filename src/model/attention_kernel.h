#pragma once

#include <cstdint>

namespace skysense {

/// Tokens of one head: `count` rows of its width, `stride` floats apart.
struct HeadRows {
  const float* data = nullptr;
  int64_t count = 0;
  int64_t stride = 0;
};

/// Whether this processor has the vectors that attend_head is made for. Without them it is right and slow.
bool has_attention_kernel();

/// Queries of a call should be a multiple of this many, or all of a head: the rest of a last block is computed for
/// nothing.
inline constexpr int64_t kAttentionQueries = 48;

/// Scaled dot-product attention of one head, softmax(q kT / sqrt(width)) v, in one pass over the keys, whose largest
/// score and sum are kept up to date (online softmax, arXiv:1805.02867; in blocks as FlashAttention's,
/// arXiv:2205.14135): scores never leave a core's first cache. mixed: a row of `width` floats a query, `mixed_stride`
/// apart. Relative L2 error to double precision about 4e-7 for unit-variance tokens. NaN and infinities give NaN, as in
/// softmax.
void attend_head(const HeadRows& q, const HeadRows& k, const HeadRows& v, int64_t width, float* mixed,
                 int64_t mixed_stride);

}  // namespace skysense
