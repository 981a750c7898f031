#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/bench_boxes.h"
#include "app/bench_loader.h"
#include "app/bench_pretrain.h"
#include "app/bench_raster.h"
#include "app/bench_synth.h"
#include "app/measure.h"
#include "app/trace.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/adamw.h"
#include "engine/device.h"
#include "engine/weights.h"
#include "model/cost.h"
#include "model/initialise.h"
#include "model/presets.h"
#include "model/projection.h"
#include "model/skysense_model.h"

namespace skysense::app {
namespace {

struct BenchOptions {
  std::string preset = "nano", modality = "hr", device = "cpu", dtype = "float32", mode = "encode";
  std::string case_file, save_case;      // the image and the weights, for comparisons with other programs
  std::string trace;                     // where to write the profile of one more run
  std::string raster;                    // read this instead of running a model
  std::string boxes;                     // operations on boxes to time instead
  int64_t synth = 0;                     // render so many places instead
  std::vector<std::string> assignments;  // of pre-training
  bool prepared = false;
  int64_t size = 256, batch = 4, threads = 0, iterations = 5;
};

/// One model and one batch, and what is timed with them.
class Case {
 public:
  explicit Case(const BenchOptions& options)
      : options_(options),
        modality_(parse_modality(options.modality)),
        device_(parse_device(options.device)),
        dtype_(parse_dtype(options.dtype)),
        model_(find_preset(options.preset).model, kChannels) {
    initialise(*model_, at::make_generator<at::CPUGeneratorImpl>(0));
    image_ = at::randn({options.batch, kChannels[modality_], options.size, options.size},
                       at::make_generator<at::CPUGeneratorImpl>(1));
    NamedTensors tensors = encoder_tensors();
    tensors["image"] = image_;
    if (!options.case_file.empty()) load_tensors_into(options.case_file, tensors);
    if (!options.save_case.empty()) save_tensors(options.save_case, tensors);
    model_->to(device_);
    image_ = image_.to(device_);
    if (options.mode == "train") {
      model_->train();
      optimizer_.emplace(encoder_tensors());
    } else {
      model_->eval();
      if (options.prepared) prepare_for_inference(*model_, dtype_);
    }
  }

  /// FLOPs of one run: two a multiply-add of the matrix products; the backward pass counts as two forward passes.
  double flops() const {
    CostInput input;
    input.images[modality_] = {.height = options_.size, .width = options_.size, .channels = kChannels[modality_]};
    double forward = 0;
    for (const PartCost& part : count_multiply_adds(find_preset(options_.preset).model, input)) {
      if (!part.name.starts_with("fusion.")) forward += 2.0 * static_cast<double>(part.amount);
    }
    return forward * static_cast<double>(options_.batch) * (options_.mode == "train" ? 3 : 1);
  }

  /// The mean of squares of the last stage's features, by which two programs can tell that they computed the same.
  double run() { return options_.mode == "train" ? train() : encode(); }

 private:
  inline static const PerModality<int64_t> kChannels = {{3, 10, 2}};
  static constexpr double kLearningRate = 1e-6, kWeightDecay = 0.05;

  NamedTensors encoder_tensors() const {
    NamedTensors tensors = named_tensors(*model_);
    std::erase_if(tensors, [](const auto& item) { return item.first.starts_with("fusion."); });
    return tensors;
  }

  double encode() {
    const c10::AutoGradMode no_gradient(false);
    const AutocastScope autocast(device_, dtype_);
    return model_->encode(modality_, image_).stages[kStages - 1].to(at::kFloat).square().mean().item<double>();
  }

  double train() {
    torch::Tensor loss;
    {
      const AutocastScope autocast(device_, dtype_);
      loss = model_->encode(modality_, image_).stages[kStages - 1].to(at::kFloat).square().mean();
      loss.backward();
    }
    optimizer_->step(kLearningRate, kWeightDecay);
    optimizer_->zero_grad();
    synchronise(device_);
    return loss.item<double>();
  }

  const BenchOptions options_;
  const Modality modality_;
  const torch::Device device_;
  const torch::Dtype dtype_;
  SkysenseModel model_;
  torch::Tensor image_;
  std::optional<AdamW> optimizer_;
};

void bench(const BenchOptions& options) {
  set_threads(options.threads);
  Case subject(options);
  const double features = subject.run();
  const double first_output_s = process_age_s();
  std::vector<double> times;
  for (int64_t i = 0; i < options.iterations; ++i) {
    const auto start = Clock::now();
    subject.run();
    times.push_back(seconds_since(start));
  }
  const torch::Device device = parse_device(options.device);
  const double memory_mb = static_cast<double>(peak_memory_bytes(device)) / (1 << 20), seconds = median(times);
  const double gflops = subject.flops() / seconds * 1e-9, peak = gemm_peak_gflops(parse_dtype(options.dtype), device);
  if (!options.trace.empty()) write_trace(options.trace, device, [&] { subject.run(); });
  nlohmann::json result = {{"preset", options.preset},
                           {"mode", options.mode},
                           {"modality", options.modality},
                           {"size", options.size},
                           {"batch", options.batch},
                           {"device", options.device},
                           {"dtype", options.dtype},
                           {"threads", at::get_num_threads()},
                           {"seconds", times},
                           {"median_s", seconds},
                           {"images_per_second", static_cast<double>(options.batch) / seconds},
                           {"gflops", gflops},
                           {"gemm_peak_gflops", peak},
                           {"share_of_peak", gflops / peak},
                           {"peak_memory_mb", memory_mb},
                           {"first_output_s", first_output_s},
                           {"mean_square", features}};
  spdlog::info("{} {} {}: {:.3f} s a batch of {}, {:.2f} images/s, {:.0f} GFLOP/s ({:.0f}% of the GEMM peak)",
               options.preset, options.mode, options.dtype, seconds, options.batch,
               static_cast<double>(options.batch) / seconds, gflops, 100 * gflops / peak);
  print_result(result);
}

}  // namespace

void add_bench(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  auto* verb = program.add_subcommand(
      "bench", "Time the encoder, a training step, raster reading, the synthetic world or boxes on this machine");
  verb->footer(
      "Example: skysense bench --preset base --mode train --modality hr --size 256 --batch 2 --dtype bfloat16");
  verb->add_option("--preset", options->preset, "sizes of the model")->capture_default_str();
  verb->add_option("--mode", options->mode,
                   "encode: inference; train: forward, backward and AdamW of the encoder; pretrain: whole steps")
      ->check(CLI::IsMember({"encode", "train", "pretrain"}))
      ->capture_default_str();
  verb->add_option("--modality", options->modality)->check(CLI::IsMember({"hr", "ms", "sar"}))->capture_default_str();
  verb->add_option("--size", options->size, "side of the square images in pixels")
      ->check(CLI::Range(4, 16384))
      ->capture_default_str();
  verb->add_option("--batch", options->batch, "images at a time")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_option("--device", options->device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  verb->add_option("--dtype", options->dtype)->check(CLI::IsMember({"float32", "bfloat16"}))->capture_default_str();
  verb->add_option("--threads", options->threads, "CPU threads of one operator; 0 is the number of cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--iterations", options->iterations, "timed runs after the first")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--set", options->assignments, "with --mode pretrain: KEY=VALUE as skysense pretrain takes it")
      ->allow_extra_args(false);
  verb->add_flag("--prepared", options->prepared, "pack the weights for inference first");
  verb->add_option("--case", options->case_file, "safetensors file with the weights and the image to run");
  verb->add_option("--save-case", options->save_case,
                   "write that file; with --mode pretrain the batch and the first weights");
  verb->add_option("--trace", options->trace, "write a Chrome trace of one more run to this file");
#ifdef SKYSENSE_RASTER
  verb->add_option("--raster", options->raster, "time reading this raster instead of a model");
#endif
  const auto loader = std::make_shared<LoaderBench>();
  verb->add_option("--loader", loader->data,
                   "time the loader on random crops of this dataset's places instead of a model");
  verb->add_option("--crop", loader->crop, "with --loader: side of a crop in pixels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--workers", loader->workers, "with --loader: threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  verb->add_option("--steps", loader->steps, "with --loader: batches")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_flag("!--no-verify", loader->verify,
                 "with --loader: do not compare members of shards with their checksums");
  verb->add_option("--synth", options->synth, "time rendering so many places of the synthetic world instead of a model")
      ->check(CLI::PositiveNumber);
  verb->add_option("--boxes", options->boxes, "time operations of detection on boxes instead of a model")
      ->check(CLI::IsMember({"align", "suppress", "overlap", "all"}));
  verb->callback([options, loader] {
    if (!options->boxes.empty()) {
      set_threads(options->threads);
      return print_result(bench_boxes(options->boxes, options->iterations));
    }
    if (!loader->data.empty()) {
      loader->batch = options->batch;
      return print_result(bench_loader(*loader));
    }
    if (options->synth > 0) return print_result(bench_synth(options->synth));
#ifdef SKYSENSE_RASTER
    if (!options->raster.empty()) return print_result(bench_raster(options->raster, options->iterations));
#endif
    if (options->mode == "pretrain") {
      set_threads(options->threads);
      const nlohmann::json result = bench_pretrain({.preset = options->preset,
                                                    .device = options->device,
                                                    .dtype = options->dtype,
                                                    .trace = options->trace,
                                                    .save_case = options->save_case,
                                                    .batch = options->batch,
                                                    .iterations = options->iterations,
                                                    .assignments = options->assignments});
      if (!result.is_null()) print_result(result);
      return;
    }
    bench(*options);
  });
}

}  // namespace skysense::app
