#include "pretrain/object_level.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parity_heads.h"
#include "pretrain/sinkhorn.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::centre_of;
using testing::Fixture;
using testing::head_of;

const Ranks kAlone;

// python/parity/object_contrast.py, fp32, 1e-5.
TEST(ObjectLevelParity, LossAndGradientsEqualTheReference) {
  const Fixture fixture("object_contrast");
  std::vector<SourceMap> student, teacher;
  std::vector<ViewGeometry> geometry;
  for (int v = 0; v < 2; ++v) {
    const auto valid = fixture[fmt::format("valid.{}", v)];
    student.push_back({fixture[fmt::format("student.{}", v)].requires_grad_(), valid});
    teacher.push_back({fixture[fmt::format("teacher.{}", v)], valid});
    geometry.push_back({fixture["boxes"][v], fixture["transforms"][v]});
  }
  LearningHead student_head = head_of(fixture, "student_head."), teacher_head = head_of(fixture, "teacher_head.");
  Centre centre = centre_of(fixture["centre"]);
  LearningStep step{{}, 0.05, kAlone};
  step.options.objects = 4;
  const auto term = object_loss(student, share_ground(student, teacher, geometry), geometry, 2,
                                {student_head, teacher_head, &centre}, step);
  EXPECT_EQ(term.loss.count.item<int64_t>(), fixture["clusters"].item<int64_t>());
  EXPECT_TRUE(all_close(term.loss.value(), fixture["loss"][0], 1e-5, 1e-5));
  term.loss.value().backward();
  for (int v = 0; v < 2; ++v) {
    EXPECT_TRUE(all_close(student[v].features.grad(), fixture[fmt::format("gradient.{}", v)], 1e-5, 1e-6)) << v;
  }
  for (auto& [name, gradient] : fixture.with_prefix("head_gradient.")) {
    EXPECT_TRUE(all_close(student_head->named_parameters()[name].grad(), gradient, 1e-5, 1e-5)) << name;
  }
}

/// One view of one place on an 8 x 8 grid whose left half shows one thing and whose right half another.
struct TwoFields {
  torch::Tensor features = torch::zeros({1, 1, 8, 8, 4});
  const torch::Tensor valid = torch::ones({1, 1, 8, 8}, torch::kBool);
  const ViewGeometry geometry{torch::tensor({{0.0, 0.0, 8.0, 8.0}}, torch::kDouble), torch::zeros({1}, torch::kLong)};

  TwoFields() {
    features.narrow(3, 0, 4).select(-1, 0).fill_(3);
    features.narrow(3, 4, 4).select(-1, 1).fill_(2);
  }
  SharedObjects find(const torch::Tensor& student, const torch::Tensor& usable, int64_t objects) const {
    const SharedGround pair{.student_view = 0, .teacher_view = 1, .features = features, .usable = usable};
    return find_objects({student, valid}, pair, geometry, geometry, objects);
  }
};

TEST(ObjectLevel, ClustersAreWhatTheTeacherTellsApart) {
  const TwoFields fields;
  const auto found = fields.find(fields.features, fields.valid, 4);
  EXPECT_TRUE(found.valid.all().item<bool>());
  const auto left = torch::tensor({3.f, 0.f, 0.f, 0.f}), right = torch::tensor({0.f, 2.f, 0.f, 0.f});
  for (int64_t k = 0; k < 4; ++k)
    EXPECT_TRUE(all_close(found.teacher[0][0][k], k % 2 == 0 ? left : right, 0, 1e-4)) << k;
}

TEST(ObjectLevel, TheStudentsCentresFollowTheTeachersAssignment) {
  const TwoFields fields;
  torch::manual_seed(3);
  const auto student = torch::randn({1, 1, 8, 8, 4}, torch::requires_grad());
  const auto found = fields.find(student, fields.valid, 4);
  // Points of a field are alike to the teacher: each of its two clusters is the mean of the student's field.
  const auto left = student.narrow(3, 0, 4).mean({2, 3})[0][0], right = student.narrow(3, 4, 4).mean({2, 3})[0][0];
  for (int64_t k = 0; k < 4; ++k)
    EXPECT_TRUE(all_close(found.student[0][0][k], k % 2 == 0 ? left : right, 1e-4, 1e-4)) << k;
  EXPECT_FALSE(found.teacher.requires_grad());
  found.student.sum().backward();
  EXPECT_TRUE(student.grad().defined());
}

TEST(ObjectLevel, AnImageHasNoMoreClustersThanUsablePoints) {
  const TwoFields fields;
  auto usable = torch::zeros({1, 1, 8, 8}, torch::kBool);
  EXPECT_EQ(fields.find(fields.features, usable, 16).valid.sum().item<int64_t>(), 0);
  usable[0][0][0][1] = usable[0][0][3][6] = usable[0][0][7][2] = true;
  const auto found = fields.find(fields.features, usable, 16);
  EXPECT_EQ(found.valid.sum().item<int64_t>(), 3);
  EXPECT_TRUE(found.student.isfinite().all().item<bool>());
}

TEST(Sinkhorn, BalancesColumnsAndNormalisesRows) {
  torch::manual_seed(4);
  const auto q = sinkhorn(torch::randn({3, 40, 5}), 50);
  EXPECT_TRUE(all_close(q.sum(-1), torch::ones({3, 40}), 1e-5, 1e-5));
  EXPECT_TRUE(all_close(q.sum(-2), torch::full({3, 5}, 8.f), 1e-4, 1e-4));
}

TEST(Sinkhorn, WhatTakesNoPartChangesNothing) {
  torch::manual_seed(5);
  const auto scores = torch::randn({6, 4}) * 10;
  const auto rows = torch::tensor({true, true, false, true, true, false});
  const auto columns = torch::tensor({true, false, true, true});
  const auto q = sinkhorn(scores, 3, rows, columns);
  const auto kept_rows = rows.nonzero().flatten(), kept_columns = columns.nonzero().flatten();
  const auto small = sinkhorn(scores.index_select(0, kept_rows).index_select(1, kept_columns), 3);
  EXPECT_TRUE(all_close(q.index_select(0, kept_rows).index_select(1, kept_columns), small, 1e-6, 1e-7));
  EXPECT_NEAR(q.sum().item<double>(), 4, 1e-5);
  EXPECT_EQ(sinkhorn(scores, 3, torch::zeros({6}, torch::kBool)).abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace skysense
