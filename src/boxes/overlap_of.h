#pragma once

namespace skysense {

/// What the area of an intersection is divided by.
enum class OverlapOf {
  kUnion,  ///< intersection over union
  kFirst,  ///< over the first box' own area: how much of it lies inside the second ("intersection over foreground")
};

}  // namespace skysense
