#include "data/view_options.h"

namespace skysense {

void ViewOptions::describe(OptionFields& fields) {
  fields("global_views", global_views, "global views of a place").at_least(1);
  fields("local_views", local_views, "local views of a place, each inside a global one").at_least(0);
  fields("global_cells", global_cells, "side of a global view, ground cells (MS pixels)").at_least(1);
  fields("local_cells", local_cells, "side of a local view, ground cells (MS pixels)").at_least(1);
  fields("hr_per_cell", hr_per_cell, "HR pixels a cell side").at_least(1);
  fields("min_overlap", min_overlap, "least overlap of two global views, share of the smaller one's area")
      .between(0, 1);
  fields("zoom_chance", zoom_chance, "probability that a view is magnified").between(0, 1);
  fields("max_zoom", max_zoom, "largest magnification").at_least(1);
  fields("ms_window", ms_window, "consecutive MS dates from which ms_dates are drawn").at_least(1);
  fields("sar_window", sar_window, "consecutive SAR dates from which sar_dates are drawn").at_least(1);
  fields("ms_dates", ms_dates, "MS dates a place").at_least(1);
  fields("sar_dates", sar_dates, "SAR dates a place").at_least(1);
  fields("own_dates", own_dates, "every view draws dates of its own (the paper's views share them)");
}

void AugmentOptions::describe(OptionFields& fields) {
  fields("flip", flip, "mirror half of the views");
  fields("rotate", rotate, "turn views by multiples of 90 degrees");
  fields("blur_chance", blur_chance, "probability of a Gaussian blur (HR)").between(0, 1);
  fields("blur_sigma", blur_sigma, "largest standard deviation of the blur, HR pixels").at_least(0);
  fields("solarise_chance", solarise_chance, "probability of solarisation (HR)").between(0, 1);
  fields("colour_chance", colour_chance, "probability of colour jitter (HR)").between(0, 1);
  fields("brightness", brightness, "largest relative change of brightness (HR)").between(0, 1);
  fields("contrast", contrast, "largest relative change of contrast (HR)").between(0, 1);
  fields("saturation", saturation, "largest relative change of saturation (HR)").between(0, 1);
  fields("gain", gain, "largest change of an MS or SAR series' level, as a natural logarithm").between(0, 2);
  fields("day_jitter", day_jitter, "largest shift of a date, days").between(0, 182);
}

}  // namespace skysense
