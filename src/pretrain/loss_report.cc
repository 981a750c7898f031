#include "pretrain/loss_report.h"

#include <cmath>

namespace skysense {
namespace {

void add_all(std::map<std::string, Mean>& sum, const std::map<std::string, Mean>& terms) {
  for (const auto& [name, mean] : terms) {
    const auto [found, is_new] = sum.emplace(name, mean);
    if (!is_new) found->second = found->second + mean;
  }
}

Mean detached(const Mean& mean) { return {mean.sum.detach().to(torch::kFloat), mean.count.detach()}; }

}  // namespace

void LossTerms::add(const std::string& name, double weight, const Mean& mean) {
  terms_.push_back({name, weight, mean});
}

void LossTerms::add(const std::string& name, double weight, const std::optional<LearningTerm>& term) {
  add(name, weight, term ? term->loss : Mean::none(device_));
  if (!term) return;
  told_["entropy." + name] = term->health.entropy;
  usage_[name] = term->health.usage;
}

LossReport LossTerms::report(const Ranks& ranks) const {
  LossReport report{
      .total = torch::zeros({}, torch::device(device_)), .parts = {}, .entropies = told_, .usage = usage_};
  if (terms_.empty()) return report;
  std::vector<torch::Tensor> own;
  for (const Term& term : terms_) own.push_back(term.mean.count);
  const auto counts = ranks.sum(torch::stack(own)).clamp_min(1).unbind(0);
  for (size_t i = 0; i < terms_.size(); ++i) {
    const Term& term = terms_[i];
    report.total = report.total + term.mean.sum / counts[i] * (term.weight * static_cast<double>(ranks.size()));
    report.parts[term.name] = detached(term.mean);
  }
  return report;
}

void StepReport::add(const LossReport& report) {
  add_all(parts_, report.parts);
  add_all(entropies_, report.entropies);
  add_all(usage_, report.usage);
}

LogValues StepReport::values(const Ranks& ranks) const {
  std::vector<torch::Tensor> numbers;
  std::vector<std::string> names;
  if (!parts_.empty()) {
    std::vector<torch::Tensor> own;
    for (const auto& [name, mean] : parts_) own.push_back(torch::stack({mean.sum, mean.count}));
    const auto all = ranks.sum(torch::stack(own));  // every rank has the same losses, in the same order
    for (const auto& [name, mean] : parts_) {
      const auto row = all[static_cast<int64_t>(names.size())];
      names.push_back(name);
      numbers.push_back(torch::stack({row[0] / row[1].clamp_min(1), row[1]}));
    }
  }
  for (const auto& [name, mean] : entropies_) {
    names.push_back(name);
    numbers.push_back(torch::stack({mean.value(), mean.count}));
  }
  for (const auto& [name, mean] : usage_) {
    if (mean.sum.dim() == 0) continue;  // no target was made
    names.push_back("kl." + name);
    const double uniform = std::log(static_cast<double>(mean.sum.size(0)));
    numbers.push_back(torch::stack({uniform - at::special_entr(mean.value()).sum(), mean.count}));
  }
  LogValues values;
  if (numbers.empty()) return values;
  const auto all = torch::stack(numbers).cpu();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto row = all[static_cast<int64_t>(i)];
    if (row[1].item<float>() > 0) values.emplace_back(names[i], row[0].item<double>());
  }
  return values;
}

}  // namespace skysense
