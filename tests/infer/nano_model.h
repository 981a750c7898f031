#pragma once

#include <ATen/Context.h>

#include <filesystem>

#include "engine/product.h"
#include "engine/weights.h"
#include "tests/infer/scene_files.h"

namespace skysense::testing {

/// An untrained model of the smallest preset for two-band HR, MS and SAR, with small tiles to keep tests quick. Its
/// weights lie in `folder`.
inline Product nano_model(const std::filesystem::path& folder) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(7);
  Product product;
  for (const Modality modality : kModalities) product.contracts[modality] = small_contract(modality, 2);
  product.model = SkysenseModel(product.options, channels_of(product.contracts));
  product.model->eval();
  product.inference.tile = 16;
  product.inference.overlap = 4;
  product.inference.batch = 4;
  product.checkpoint = folder;
  save_module(folder / "teacher.safetensors", *product.model);
  return product;
}

}  // namespace skysense::testing
