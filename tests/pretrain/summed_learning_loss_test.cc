#include "pretrain/summed_learning_loss.h"

#include <gtest/gtest.h>

#include "model/autocast.h"
#include "pretrain/learning_loss.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

constexpr int64_t kCodes = 2100, kTargets = 3000, kWidth = 6, kOutputs = 16;  // three pieces

struct Rows {
  Rows() {
    torch::manual_seed(2);
    const auto unit = [](const torch::Tensor& x) { return (x / x.norm(2, -1, true)).detach(); };
    codes = unit(torch::randn({kCodes, kWidth})).requires_grad_();
    outputs = unit(torch::randn({kOutputs, kWidth})).requires_grad_();
    targets = torch::softmax(torch::randn({kTargets, kOutputs}) * 3, -1);
    // Codes with one, two and no targets: none in the second piece's middle.
    row_of = std::get<0>(torch::randint(kCodes - 400, {kTargets}, torch::kLong).sort());
    row_of = torch::where(row_of > 1200, row_of + 400, row_of);
  }
  /// The sum and its gradients, scaled as a mean is.
  std::vector<torch::Tensor> run(bool in_pieces) {
    codes.mutable_grad().reset();
    outputs.mutable_grad().reset();
    const auto sum = in_pieces ? summed_learning_loss(codes, outputs, targets, row_of, 0.1)
                               : learning_loss(torch::matmul(codes.index_select(0, row_of), outputs.t()), targets, 0.1)
                                     .to(torch::kFloat)
                                     .sum();
    (sum / kTargets).backward();
    return {sum.detach() / kTargets, codes.grad(), outputs.grad()};
  }
  torch::Tensor codes, outputs, targets, row_of;
};

TEST(SummedLearningLoss, IsTheSumOfTheLearningLosses) {
  Rows rows;
  const auto pieces = rows.run(true), whole = rows.run(false);
  EXPECT_TRUE(all_close(pieces[0], whole[0], 1e-5, 1e-5));
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_LE((pieces[i] - whole[i]).norm().item<double>(), 1e-5 * whole[i].norm().item<double>()) << i;
  }
}

TEST(SummedLearningLoss, InBfloat16IsCloseToIt) {
  Rows rows;
  const auto whole = rows.run(false);
  const AutocastScope autocast(c10::kCPU, c10::kBFloat16);
  const auto pieces = rows.run(true);
  EXPECT_EQ(pieces[2].scalar_type(), torch::kFloat);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_LE((pieces[i] - whole[i]).norm().item<double>(), 2e-2 * whole[i].norm().item<double>()) << i;
  }
}

}  // namespace
}  // namespace skysense
