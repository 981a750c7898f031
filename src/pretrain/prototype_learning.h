#pragma once

#include <torch/types.h>

#include <map>
#include <vector>

#include "core/options.h"
#include "engine/ranks.h"
#include "model/geo_prototypes.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// Unsupervised geo-context prototype learning, GCPL (paper App. A.3 and C; DESIGN 4 and 6). The defaults are preset
/// `nano`.
struct PrototypeOptions {
  bool enabled = true;
  int64_t regions = 64;     ///< equal-area regions of the globe, N_R
  int64_t prototypes = 16;  ///< of each region, N_p
  double momentum = 0.99;   ///< m of Eq. 15

  void describe(OptionFields& fields);
};

/// Learns prototypes from the student's features of a step (Eqs. 13 to 15). Cells are assigned to the prototypes of
/// their region by Sinkhorn-Knopp (epsilon 0.05, 3 rounds) on cosine similarity, those of a place's global views
/// together (a sample's, as the paper has it: what else is in the batch changes nothing); the columns of the assignment
/// are normalised to 1, so that Eq. 14 is a mean; once a step the prototypes move towards it. Before a region's first
/// update its cells are assigned to random unit vectors, drawn from the seed and the region, and that update takes the
/// means whole: Eq. 15 would keep 99% of what means nothing.
class PrototypeLearning {
 public:
  /// `prototypes` must outlive this.
  PrototypeLearning(GeoPrototypes& prototypes, uint64_t seed) : prototypes_(prototypes), seed_(seed) {}
  /// Takes one micro-batch into account: `views`, the student's F_fus^mm in its global views [B, 1, gh, gw, d], and the
  /// region of each place, -1 where unknown.
  void observe(const std::vector<int64_t>& regions, const std::vector<SourceMap>& views);
  /// Eq. 15 for every region seen by any rank since the last call.
  void update(double momentum, const Ranks& ranks = alone());
  /// Forgets what was seen: a step left out.
  void forget() { pending_.clear(); }
  /// What the cells of a region are compared with, [P, d].
  torch::Tensor anchors(int64_t region) const;

 private:
  GeoPrototypes& prototypes_;
  const uint64_t seed_;
  std::map<int64_t, torch::Tensor> pending_;  ///< by region [P, d + 1]: S^T F and the columns' sums of S
};

}  // namespace skysense
