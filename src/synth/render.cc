#include "synth/render.h"

namespace skysense::synth {
namespace {

constexpr int32_t kMsCalendar = 1, kSarCalendar = 2, kMonthlyCalendar = 3;
constexpr float kPresent = 0.05f;  // of the ground: what a multi-label class needs
constexpr int64_t kYear = 365;

RegionStyle style_for(const Site& site, const RenderOptions& options) {
  RegionStyle style = style_of(options.seed, site);
  style.snows = options.snow;
  return style;
}

}  // namespace

RenderedPlace render_place(const Site& site, const RenderOptions& options) {
  const RegionStyle style = style_for(site, options);
  GroundDetail detail;
  const GroundMap ground = paint_ground({.seed = options.seed, .site = site, .pixels_per_cell = options.hr_per_cell, .sun = style.sun, .streams = style.has_streams()},
                                        options.details ? &detail : nullptr);
  const CellMixture cells = mix_cells(ground);
  RenderedPlace place{.site = site,
                      .hr = {},
                      .ms = {},
                      .sar = {},
                      .cover = cover_by_cell(ground),
                      .crops = crops_by_cell(cells),
                      .covers_present = covers_present(ground, kPresent),
                      .hr_cover = {},
                      .objects = {},
                      .object_map = {},
                      .ways = {},
                      .way_kinds = {}};
  if (options.details) {
    place.objects = visible_objects(detail.objects, 1);
    place.object_map = std::move(detail.objects);
    place.ways = way_lines(detail.ways);
    place.way_kinds = std::move(detail.ways.kind);
    place.hr_cover = ground.cover;
  }
  if (options.hr) place.hr = render_hr(ground, site, style);
  for (const int day : acquisition_days(style, options.ms_dates, kMsCalendar)) place.ms.push_back(render_ms(cells, site, style, day));
  for (const int day : acquisition_days(style, options.sar_dates, kSarCalendar)) place.sar.push_back(render_sar(cells, site, style, day));
  return place;
}

PlaceChange render_change(const Site& site, const RenderOptions& options) {
  const RegionStyle region = style_for(site, options);
  PlaceChange change;
  for (size_t flight = 0; flight < 2; ++flight) {
    const RegionStyle style = region.photographed_again(static_cast<int32_t>(flight));
    constexpr std::array<float, 2> kFirstDay = {0, 2 * kYear};  // 2023 and 2025
    change.day[flight] = kFirstDay[flight] + style.hr_day;
    GroundMap ground =
        paint_ground({.seed = options.seed, .site = site, .pixels_per_cell = options.hr_per_cell, .sun = style.sun, .streams = style.has_streams(), .day = change.day[flight]});
    change.hr[flight] = render_hr(ground, site, style);
    change.hr_cover[flight] = std::move(ground.cover);
  }
  for (size_t i = 0; i < change.hr_cover[0].size(); ++i) change.changed.push_back(change.hr_cover[0][i] != change.hr_cover[1][i]);
  return change;
}

std::vector<MonthlyImage> render_months(const Site& site, const RenderOptions& options, int64_t months) {
  const RegionStyle style = style_for(site, options);
  std::vector<MonthlyImage> images;
  for (int64_t month = 0; month < months; ++month) {
    constexpr float kMonth = 30.4f;
    const float wander = between(-8, 8, unit(lattice_hash(style.seed, static_cast<int32_t>(month), kMonthlyCalendar)));
    const float day = (static_cast<float>(month) + 0.5f) * kMonth + wander;
    const GroundMap ground =
        paint_ground({.seed = options.seed, .site = site, .pixels_per_cell = options.hr_per_cell, .sun = style.sun, .streams = style.has_streams(), .day = day});
    images.push_back({.day = day, .ms = render_ms(mix_cells(ground), site, style, static_cast<int>(day) + 1), .cover = cover_by_cell(ground)});
  }
  return images;
}

}  // namespace skysense::synth
