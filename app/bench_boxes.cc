#include "app/bench_boxes.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "app/measure.h"
#include "boxes/box_iou.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
#include "boxes/rotated_iou.h"
#include "core/log.h"

namespace skysense::app {
namespace {

/// Uniform numbers in [0, 1), the same in every program that asks in the same order.
class Numbers {
 public:
  torch::Tensor operator()(at::IntArrayRef sizes) { return at::rand(sizes, generator_); }

 private:
  at::Generator generator_ = at::make_generator<at::CPUGeneratorImpl>(7);
};

/// [N, 4] with corners in an image of `side` pixels and sides of `least` to `largest` pixels.
torch::Tensor upright(Numbers& numbers, int64_t count, double side, double least, double largest) {
  const auto corner = numbers({count, 2}) * side;
  return at::cat({corner, corner + least + numbers({count, 2}) * (largest - least)}, 1);
}

/// [N, 5] in le90 with centres in a square of `side` pixels.
torch::Tensor rotated(Numbers& numbers, int64_t count, double side, double least, double largest) {
  const auto r = numbers({count, 5}).unbind(1);
  const auto a = r[2] * (largest - least) + least, b = r[3] * (largest - least) + least;
  return at::stack({r[0] * side, r[1] * side, at::maximum(a, b), at::minimum(a, b), (r[4] - 0.5) * std::numbers::pi},
                   1);
}

class Report {
 public:
  explicit Report(int64_t iterations) : iterations_(iterations) {}
  /// `run` returns a tensor whose sum tells what was computed.
  void time(const std::string& name, const std::function<torch::Tensor()>& run) {
    const double sum = run().to(at::kDouble).sum().item<double>();
    std::vector<double> times;
    for (int64_t i = 0; i < iterations_; ++i) {
      const auto start = Clock::now();
      run();
      times.push_back(seconds_since(start));
    }
    seconds_[name] = median(times);
    sums_[name] = sum;
    spdlog::info("{:28} {:.5f} s", name, median(times));
  }
  nlohmann::json result() const { return {{"threads", at::get_num_threads()}, {"seconds", seconds_}, {"sums", sums_}}; }

 private:
  const int64_t iterations_;
  nlohmann::json seconds_, sums_;
};

void time_alignment(Report& report) {
  Numbers numbers;
  const auto map = numbers({2, 256, 200, 200});  // stride 4 of two images of 800 x 800 pixels
  for (const int64_t count : {1000, 32}) {
    const auto boxes = upright(numbers, count, 700, 16, 112), turned = rotated(numbers, count, 800, 16, 112);
    const auto images = torch::arange(count).remainder(2);
    for (const int64_t samples : {2, 0}) {
      const RoiAlignOptions options{.scale = 0.25, .samples = samples};
      const auto name = fmt::format("align{}_{}", samples == 0 ? "_adaptive" : "", count);
      report.time(name, [&] { return roi_align(map, boxes, images, options); });
      report.time(name + "_gradient", [&] {
        const auto features = map.detach().requires_grad_();
        roi_align(features, boxes, images, options).sum().backward();
        return features.grad().contiguous();
      });
    }
    const RoiAlignOptions options{.scale = 0.25, .samples = 2};
    report.time(fmt::format("align_rotated_{}", count), [&] { return roi_align(map, turned, images, options); });
  }
}

void time_suppression(Report& report) {
  Numbers numbers;
  for (const int64_t count : {2000, 20000}) {
    const auto boxes = upright(numbers, count, 800, 16, 112), scores = numbers({count});
    report.time(fmt::format("nms_{}", count), [&] { return nms(boxes, scores, {}, 0.7); });
  }
  // A scene full of small objects, each found several times.
  const auto objects = rotated(numbers, 20000, 10000, 10, 60);
  const auto jitter = at::cat({numbers({100000, 2}) * 4, numbers({100000, 2}) * 4, numbers({100000, 1}) * 0.2}, 1);
  const auto boxes = objects.repeat({5, 1}) + jitter, scores = numbers({100000});
  report.time("nms_rotated_100000", [&] { return nms(boxes, scores, {}, 0.3); });
}

void time_overlaps(Report& report) {
  Numbers numbers;
  const auto first = upright(numbers, 100000, 800, 16, 112), second = upright(numbers, 100, 800, 16, 112);
  report.time("iou_100000x100", [&] { return box_iou(first, second); });
  // Centres within the shortest side of each other: every pair overlaps.
  const auto a = rotated(numbers, 2000, 5, 10, 60), b = rotated(numbers, 2000, 5, 10, 60);
  report.time("rotated_iou_2000x2000", [&] { return rotated_iou(a, b); });
  report.time("rotated_iou_50x2000", [&] { return rotated_iou(a.narrow(0, 0, 50), b); });
}

}  // namespace

nlohmann::json bench_boxes(const std::string& what, int64_t iterations) {
  Report report(iterations);
  if (what == "all" || what == "align") time_alignment(report);
  if (what == "all" || what == "suppress") time_suppression(report);
  if (what == "all" || what == "overlap") time_overlaps(report);
  return report.result();
}

}  // namespace skysense::app
