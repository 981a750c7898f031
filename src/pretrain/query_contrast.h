#pragma once

#include "core/options.h"
#include "pretrain/learning_loss.h"
#include "pretrain/query_aggregation.h"

namespace skysense {

/// Query-based semantic aggregation contrastive learning, QSACL (paper sec. 3.2 and App. C).
struct QueryOptions {
  int64_t queries = 16;  ///< m

  void describe(OptionFields& fields) { fields("queries", queries, "learnable queries of QSACL").between(1, 4096); }
};

/// L_QSACL of Eq. 3, the mean over the valid places: for each query, the student's global vector is compared with the
/// teacher's local one and its local vector with the teacher's global one; the sum over the m queries divided by 2 m.
LearningTerm query_loss(const AggregatedViews& student, const AggregatedViews& teacher, const HeadPair& heads,
                        const LearningStep& step);

}  // namespace skysense
