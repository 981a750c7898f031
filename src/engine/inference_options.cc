#include "engine/inference_options.h"

namespace skysense {

void InferenceOptions::describe(OptionFields& fields) {
  fields("tile", tile,
         "side of a prediction tile in MS or SAR pixels, eight times as many of HR; stored with the model")
      .between(2, 4096);
  fields("overlap", overlap, "pixels of it that neighbouring tiles share and blend over; at most half")
      .between(0, 2048);
  fields("batch", batch, "tiles that run together").between(1, 1024);
}

}  // namespace skysense
