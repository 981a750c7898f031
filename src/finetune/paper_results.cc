#include "finetune/paper_results.h"

#include <cstddef>

namespace skysense {

std::vector<PaperResult> beside_paper(const PaperOptions& paper, const std::string& split, const LogValues& values) {
  std::vector<PaperResult> results;
  for (size_t i = 0; i < paper.metrics.size(); ++i) {
    if (paper.splits.at(i) != split) continue;
    for (const auto& [name, value] : values) {
      if (name == paper.metrics[i]) results.push_back({name, paper.values.at(i) / 100, value});
    }
  }
  return results;
}

}  // namespace skysense
