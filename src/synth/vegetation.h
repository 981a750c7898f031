#pragma once

#include "synth/scene.h"

namespace skysense::synth {

/// Trees on a jittered lattice.
struct Crowns {
  uint32_t seed = 0;
  float spacing = 9;                            ///< metres between lattice points
  float jitter = 0.35f;                         ///< of the spacing, at most 0.5
  float min_radius = 0.3f, max_radius = 0.55f;  ///< of the spacing
  float height = 12;                            ///< metres of the tallest
  float share = 1;                              ///< of lattice points that carry a tree
  bool pointed = false;                         ///< cones (conifers) rather than domes
};

struct Crown {
  bool hit = false;
  float height = 0;
  uint32_t tree = 0;  ///< hash of the tree hit
};

/// The tallest crown over (x, y).
Crown crown_at(const Crowns& crowns, float x, float y);

/// Open country of the scene's backdrop: meadows with hedges, small fields, open wood, or dry land with scrub.
Ground paint_backdrop(const Scene& scene, float x, float y);
/// The scene's patches, and its backdrop where there is none.
Ground paint_country(const Scene& scene, float x, float y);
/// The patch over (x, y), painted into `ground`; false where there is none.
bool paint_patch(const Scene& scene, float x, float y, Ground& ground);

/// A parcel of farmed land: which one, and how far its border is.
struct Parcel {
  uint32_t id = 0;
  float u = 0, v = 0;  ///< from the parcel's corner, metres
  float border = 0;    ///< distance to its nearest border, metres
};

/// Parcels of about `length` x `width` metres in staggered rows, split lengthwise now and then.
Parcel parcel_at(uint32_t seed, float length, float width, Local point);

/// The crop of the scene's year with its rows and tramlines. `rows` metres between visible lines.
Ground paint_crop(const Scene& scene, const Parcel& parcel, float rows);

}  // namespace skysense::synth
