#include "engine/product_parts.h"

#include <vector>

#include "core/safetensors.h"
#include "engine/checkpoint_files.h"
#include "engine/weights.h"

namespace skysense {

namespace fs = std::filesystem;

fs::path find_checkpoint(const fs::path& path) {
  if (!fs::exists(path)) {
    throw DataError(
        fmt::format("{}: no such model; name a run folder, RUN/model or RUN/checkpoints/step-N", path.string()));
  }
  for (const fs::path& candidate : {path, path / "best", path / "model"}) {
    if (fs::exists(candidate / kTeacherFile)) return fs::canonical(candidate);
  }
  throw DataError(fmt::format("{}: holds no {} and no model/; name a run folder, RUN/model or RUN/checkpoints/step-N",
                              path.string(), kTeacherFile));
}

std::optional<GeoPrototypes> read_prototypes(const fs::path& file, int64_t dim) {
  constexpr const char* kName = "prototypes";
  std::vector<int64_t> shape;
  {
    const SafetensorsFile mapped(file);
    const TensorView* view = mapped.find(kName);
    if (view == nullptr) return std::nullopt;
    shape = view->shape;
  }
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] != dim) {
    throw DataError(
        fmt::format("{}: tensor '{}' has shape {}, wanted [regions, prototypes, {}]; the file belongs to "
                    "another model or config",
                    file.string(), kName, shape_text(shape), dim));
  }
  GeoPrototypes prototypes(shape[0], shape[1], dim);
  load_tensors_into(file, {{kName, prototypes.values()}}, {.only_prefixes = {kName}});
  return prototypes;
}

}  // namespace skysense
