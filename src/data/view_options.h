#pragma once

#include <cstdint>

#include "core/modality.h"
#include "core/options.h"

namespace skysense {

/// How views are cut from a place (DESIGN 5 and 6; paper App. C). Sides are in ground cells (MS pixels of 10 m).
struct ViewOptions {
  int64_t global_views = 2;   ///< seen by teacher and student
  int64_t local_views = 6;    ///< seen by the student; each lies inside a global view
  int64_t global_cells = 16;  ///< side of a global view
  int64_t local_cells = 8;    ///< side of a local view
  int64_t hr_per_cell = 8;    ///< HR pixels a cell side: r of DESIGN 3
  double min_overlap = 0.25;  ///< of the smaller of the two global views' areas
  double zoom_chance = 0.5;   ///< how often a view shows less ground than its side, magnified
  double max_zoom = 2;        ///< a zoomed view shows 1/zoom of its side, zoom in [1, max_zoom]
  int64_t ms_window = 20;     ///< consecutive MS dates from which ms_dates are drawn
  int64_t sar_window = 10;
  int64_t ms_dates = 10;
  int64_t sar_dates = 5;
  /// Every view draws dates of its own, so that what it has in common with the others is the ground and not the day's
  /// air and season (not in the paper, where views share their dates; seasonal contrast, arXiv 2103.16607).
  bool own_dates = false;
  /// Cells a side of the map of classes that a global view brings along; 0 leaves labels unread. The objective sets it.
  int64_t label_cells = 0;

  int64_t views() const { return global_views + local_views; }
  bool is_global(int64_t view) const { return view < global_views; }
  /// Pixels a side of the view in the modality, as the network sees them.
  int64_t pixels(int64_t view, Modality modality) const {
    return (is_global(view) ? global_cells : local_cells) * (modality == Modality::kHr ? hr_per_cell : 1);
  }
  /// Images a series of the modality has in a batch.
  int64_t dates(Modality modality) const {
    return modality == Modality::kHr ? 1 : modality == Modality::kMs ? ms_dates : sar_dates;
  }

  void describe(OptionFields& fields);
};

/// What changes the pixels and dates of a view (paper App. C). Colours change in HR alone, the level of MS and SAR
/// where `gain` is set; flips and rotations move all modalities of a view alike.
struct AugmentOptions {
  bool flip = true;              ///< mirror with probability 0.5
  bool rotate = true;            ///< by a multiple of 90 degrees
  double blur_chance = 0.3;      ///< Gaussian blur
  double blur_sigma = 1.5;       ///< largest standard deviation, HR pixels
  double solarise_chance = 0.1;  ///< inverts what is brighter than the middle of the range
  double colour_chance = 0.8;    ///< brightness, contrast and saturation together
  double brightness = 0.3;       ///< factor in [1 - b, 1 + b]
  double contrast = 0.3;
  double saturation = 0.2;
  double gain = 0;         ///< largest natural logarithm of the factor of an MS or SAR series
  int64_t day_jitter = 7;  ///< days either way, drawn per image and view, around the turn of the year

  void describe(OptionFields& fields);
};

}  // namespace skysense
