#include "synth/render.h"

namespace skysense::synth {

RenderedPlace render_place(const Site& site, const RenderOptions& options) {
  const RegionStyle style = style_of(region_hash(options.seed, site.zone, site.east_m, site.south_m), site.zone.southern);
  ObjectMap objects;
  const GroundMap ground = paint_ground({.seed = options.seed, .site = site, .pixels_per_cell = options.hr_per_cell, .sun = style.sun}, options.objects ? &objects : nullptr);
  const CellMixture cells = mix_cells(ground);
  RenderedPlace place{.site = site, .hr = {}, .ms = {}, .sar = {}, .label = {}, .objects = {}};
  if (options.objects) place.objects = visible_objects(objects, 1);
  if (options.hr) place.hr = render_hr(ground, site, style);
  constexpr int32_t kMsCalendar = 1, kSarCalendar = 2;
  for (const int day : acquisition_days(style, options.ms_dates, kMsCalendar)) place.ms.push_back(render_ms(cells, site, style, day));
  for (const int day : acquisition_days(style, options.sar_dates, kSarCalendar)) place.sar.push_back(render_sar(cells, site, style, day));
  for (int64_t cell = 0; cell < cells.side * cells.side; ++cell) place.label.push_back(static_cast<uint8_t>(cells.majority(cell)));
  return place;
}

}  // namespace skysense::synth
