#pragma once

#include "infer/task_scenes.h"
#include "viz/picture.h"

namespace skysense {

/// The area asked for as a person would look at it, made smaller.
struct ScenePicture {
  Picture picture;
  int64_t pixels = 1;  ///< of the scene's raster along the side of one of the picture's
  PixelPoint origin;   ///< of the picture in that raster
};

/// The first image of the output's modality, its mean over squares of pixels, at most `side` pixels wide and high. Read
/// piece by piece: memory grows with the picture alone. Throws DataError.
ScenePicture scene_picture(const TaskScenes& scenes, int64_t side);

}  // namespace skysense
