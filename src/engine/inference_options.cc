#include "engine/inference_options.h"

namespace skysense {

void InferenceOptions::describe(OptionFields& fields) {
  fields("tile", tile, "side of a prediction tile in cells of the fusion grid; stored with the model").between(2, 4096);
  fields("overlap", overlap, "cells over which neighbouring tiles overlap and are blended").between(0, 2048);
  fields("batch", batch, "tiles that run together").between(1, 1024);
}

}  // namespace skysense
