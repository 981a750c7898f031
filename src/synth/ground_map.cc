#include "synth/ground_map.h"

#include <algorithm>
#include <unordered_map>

#include "synth/corridors.h"

namespace skysense::synth {
namespace {

constexpr int64_t kShadowSteps = 26;
constexpr float kBorderWarp = 100;  // metres by which borders of scenes wander
constexpr float kShade = 0.42f;     // light left in a shadow
constexpr float kRelief = 1.3f;     // how much slopes towards and away from the sun differ

/// The painted square with a margin on all sides, from which shadows fall into it.
struct Painting {
  int64_t side = 0, margin = 0;
  std::vector<uint8_t> material, cover;
  std::vector<float> height, tint;  ///< the tint with the light of the terrain's slope
};

/// What stands or runs somewhere says what the ground is, whatever it is made of.
LandCover cover_of(const Ground& ground) {
  switch (ground.object) {
    case ObjectClass::kBuilding:
    case ObjectClass::kStorageTank:
      return LandCover::kBuilding;
    case ObjectClass::kShip:
    case ObjectClass::kBoat:
    case ObjectClass::kSwimmingPool:
      return LandCover::kWater;
    case ObjectClass::kSportsField:
      return LandCover::kGrass;
    case ObjectClass::kNone:
      return traits_of(ground.material).cover;
    default:
      return LandCover::kPaved;  // vehicles, aircraft, containers, bridges
  }
}

/// Finds the scene of a point; borders between scenes wander instead of running straight.
class Scenes {
 public:
  Scenes(uint64_t seed, const Zone& zone, float day)
      : seed_(seed), zone_(zone), day_(day), warp_seed_(static_cast<uint32_t>(seed) * 31 + 5) {}

  /// The ground at (x, y) metres from a cell's centre, and the scene that it belongs to.
  std::pair<Ground, const Scene*> paint(int64_t cell_east, int64_t cell_south, float x, float y) {
    constexpr float kHalf = kSceneMetres / 2, kInside = kHalf - kBorderWarp;
    if (absolute(x) > kInside || absolute(y) > kInside) {
      const float east = (static_cast<float>(cell_east) + x / kSceneMetres) * 5,
                  south = (static_cast<float>(cell_south) + y / kSceneMetres) * 5;
      const float warped_x = x + 2 * kBorderWarp * (fractal_noise(warp_seed_, east, south, 3) - 0.5f);
      const float warped_y = y + 2 * kBorderWarp * (fractal_noise(warp_seed_ + 1, east, south, 3) - 0.5f);
      const int step_x = warped_x >= kHalf   ? 1
                         : warped_x < -kHalf ? -1
                                             : 0,
                step_y = warped_y >= kHalf   ? 1
                         : warped_y < -kHalf ? -1
                                             : 0;
      cell_east += step_x;
      cell_south += step_y;
      x -= static_cast<float>(step_x) * kSceneMetres;
      y -= static_cast<float>(step_y) * kSceneMetres;
    }
    const Scene& here = scene(cell_east, cell_south);
    return {paint_scene(here, x, y), &here};
  }

 private:
  const Scene& scene(int64_t cell_east, int64_t cell_south) {
    if (!last_ || cell_east != last_east_ || cell_south != last_south_) {
      const uint64_t key =
          static_cast<uint64_t>(cell_east) << 32 ^ static_cast<uint64_t>(static_cast<uint32_t>(cell_south));
      auto found = scenes_.find(key);
      if (found == scenes_.end()) {
        found = scenes_.emplace(key, scene_at(seed_, zone_, cell_east, cell_south)).first;
        found->second.look_on(day_);
      }
      last_ = &found->second;
      last_east_ = cell_east;
      last_south_ = cell_south;
    }
    return *last_;
  }

  const uint64_t seed_;
  const Zone zone_;
  const float day_;
  const uint32_t warp_seed_;
  std::unordered_map<uint64_t, Scene> scenes_;
  const Scene* last_ = nullptr;
  int64_t last_east_ = 0, last_south_ = 0;
};

/// What a stream in the middle of a valley makes of open land; `from_valley` of Terrain. It passes under ways.
void paint_stream(Ground& ground, float from_valley) {
  constexpr float kWater = 0.004f, kBank = 0.011f;
  const float distance = absolute(from_valley);
  if (distance > kBank || ground.way.kind != WayClass::kNone) return;
  const LandCover cover = traits_of(ground.material).cover;
  const bool open = cover == LandCover::kGrass || cover == LandCover::kCrops || cover == LandCover::kTrees ||
                    (cover == LandCover::kBare && ground.object == ObjectClass::kNone);
  if (!open) return;
  if (distance < kWater) {
    ground = {Material::kTurbidWater, -1.5f, 1};
  } else if (cover != LandCover::kTrees) {
    ground = {Material::kMeadow, 0, 0.85f};
  }
}

/// The light of slopes at the terrain's corners: above 1 towards the sun.
std::vector<float> light_of(const Terrain& terrain, const Sun& sun) {
  std::vector<float> light;
  const int64_t n = terrain.corners;
  for (int64_t row = 0; row < n; ++row) {
    for (int64_t column = 0; column < n; ++column) {
      const auto at = [&](int64_t r, int64_t c) {
        return terrain
            .altitude_m[static_cast<size_t>(std::clamp<int64_t>(r, 0, n - 1) * n + std::clamp<int64_t>(c, 0, n - 1))];
      };
      const float rise = (at(row, column + 1) - at(row, column - 1)) * sun.towards.x +
                         (at(row + 1, column) - at(row - 1, column)) * sun.towards.y;
      light.push_back(std::clamp(1 - kRelief * rise / (20 * sun.slope), 0.45f, 1.6f));
    }
  }
  return light;
}

/// Notes what stands and runs on a painting's pixels, where somebody asks for it.
class DetailWriter {
 public:
  DetailWriter(GroundDetail* detail, int64_t painted_side, int64_t beyond, int64_t margin, float gsd_m)
      : detail_(detail), beyond_(beyond), margin_(margin), gsd_m_(gsd_m) {
    if (!detail_) return;
    const int64_t bordered = painted_side - 2 * margin, side = painted_side - 2 * beyond;
    detail_->objects = {
        .side = bordered, .id = std::vector<uint32_t>(static_cast<size_t>(bordered * bordered)), .traits = {}};
    detail_->ways = {.side = side, .middles = {}};
  }

  void add(const Ground& ground, int64_t column, int64_t row) {
    if (!detail_) return;
    if (ObjectMap& objects = detail_->objects; ground.object != ObjectClass::kNone) {
      const int64_t x = column - margin_, y = row - margin_;
      if (x >= 0 && y >= 0 && x < objects.side && y < objects.side) {
        objects.id[static_cast<size_t>(y * objects.side + x)] = ground.object_id;
        objects.traits.try_emplace(ground.object_id, ObjectMap::Traits{ground.object, ground.object_axis});
      }
    }
    if (WayMap& ways = detail_->ways; ground.way.kind != WayClass::kNone) {
      const int64_t x = column - beyond_, y = row - beyond_;
      if (x < 0 || y < 0 || x >= ways.side || y >= ways.side) return;
      if (absolute(ground.way.across) <= 0.75f * gsd_m_) {
        ways.middles.push_back({ground.way, {static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f}});
      }
    }
  }

 private:
  GroundDetail* detail_;
  int64_t beyond_, margin_;
  float gsd_m_;
};

/// The site with `beyond` pixels more on all sides, of which the outer `margin` only cast shadows.
Painting paint(const GroundRequest& request, int64_t beyond, int64_t margin, GroundDetail* detail) {
  const Site& site = request.site;
  const int64_t pixels_per_cell = request.pixels_per_cell;
  Painting painting{.side = site.side_m / 10 * pixels_per_cell + 2 * beyond,
                    .margin = margin,
                    .material = {},
                    .cover = {},
                    .height = {},
                    .tint = {}};
  const auto count = static_cast<size_t>(painting.side * painting.side);
  painting.material.resize(count);
  painting.cover.resize(count);
  painting.height.resize(count);
  painting.tint.resize(count);
  DetailWriter details(detail, painting.side, beyond, margin, 10.0f / static_cast<float>(pixels_per_cell));
  Scenes scenes(request.seed, site.zone, request.day);
  // Whole pixels from the zone's origin: a pixel's place in its scene is the same whichever square asks for it.
  const int64_t scene_pixels = kSceneMetres / 10 * pixels_per_cell;
  const int64_t first_column = site.east_m / 10 * pixels_per_cell - beyond,
                first_row = site.south_m / 10 * pixels_per_cell - beyond;
  const float gsd_m = 10.0f / static_cast<float>(pixels_per_cell);
  // The terrain one cell further on all sides, so that slopes are the same in every square.
  const int64_t first_cell_east = floor_div(first_column, pixels_per_cell) - 1,
                first_cell_south = floor_div(first_row, pixels_per_cell) - 1;
  const Terrain terrain =
      terrain_of(request.seed, site.zone, first_cell_east, first_cell_south, painting.side / pixels_per_cell + 4);
  const std::vector<float> light = light_of(terrain, request.sun);
  const Corridors corridors(request.seed, site.zone, first_column, first_row, painting.side, pixels_per_cell);
  for (int64_t row = 0; row < painting.side; ++row) {
    const int64_t cell_south = floor_div(first_row + row, scene_pixels);
    const float y = (static_cast<float>(first_row + row - cell_south * scene_pixels) + 0.5f) * gsd_m - kSceneMetres / 2;
    for (int64_t column = 0; column < painting.side; ++column) {
      const int64_t cell_east = floor_div(first_column + column, scene_pixels);
      const float x =
          (static_cast<float>(first_column + column - cell_east * scene_pixels) + 0.5f) * gsd_m - kSceneMetres / 2;
      auto [ground, scene] = scenes.paint(cell_east, cell_south, x, y);
      const auto in_cells = [&](int64_t pixel, int64_t first_cell) {
        return (static_cast<float>(pixel - first_cell * pixels_per_cell) + 0.5f) / static_cast<float>(pixels_per_cell);
      };
      const float cell_x = in_cells(first_column + column, first_cell_east),
                  cell_y = in_cells(first_row + row, first_cell_south);
      corridors.paint(*scene, column, row, ground);
      if (request.streams) paint_stream(ground, terrain.at(terrain.from_valley, cell_x, cell_y));
      const auto pixel = static_cast<size_t>(row * painting.side + column);
      painting.material[pixel] = static_cast<uint8_t>(ground.material);
      painting.cover[pixel] = static_cast<uint8_t>(cover_of(ground));
      painting.height[pixel] = ground.height;
      // Water lies level.
      const bool level = painting.cover[pixel] == static_cast<uint8_t>(LandCover::kWater);
      painting.tint[pixel] = level ? ground.tint : ground.tint * terrain.at(light, cell_x, cell_y);
      details.add(ground, column, row);
    }
  }
  return painting;
}

int64_t rounded(float x) { return floor_int(x + 0.5f); }

/// Brightness of one row of the square: lit slopes, and the shadow of whatever stands high enough towards the sun.
void light_row(const Painting& painting, int64_t row, const Sun& sun, int64_t stride, float stride_m,
               std::vector<float>& shadow, float* out) {
  const int64_t side = painting.side - 2 * painting.margin;
  const auto at = [&](int64_t dx, int64_t dy) {
    return painting.height.data() + (row + painting.margin + dy) * painting.side + painting.margin + dx;
  };
  const float* here = at(0, 0);
  shadow.assign(static_cast<size_t>(side), -1e9f);
  for (int64_t step = 1; step <= kShadowSteps; ++step) {
    const float reach = static_cast<float>(step * stride);
    const float* there = at(rounded(sun.towards.x * reach), rounded(sun.towards.y * reach));
    const float drop = static_cast<float>(step) * stride_m * sun.slope;
    for (int64_t x = 0; x < side; ++x)
      shadow[static_cast<size_t>(x)] = std::max(shadow[static_cast<size_t>(x)], there[x] - drop);
  }
  const int64_t dx = rounded(sun.towards.x * static_cast<float>(stride)),
                dy = rounded(sun.towards.y * static_cast<float>(stride));
  const float *ahead = at(dx, dy), *behind = at(-dx, -dy);
  const float* tint = painting.tint.data() + (row + painting.margin) * painting.side + painting.margin;
  const float gain = 0.28f / stride_m;
  for (int64_t x = 0; x < side; ++x) {
    const float lit = std::clamp(1 + gain * (behind[x] - ahead[x]), 0.6f, 1.45f);
    // Half a metre of penumbra keeps edges of shadows soft.
    const float dark = clamp01((shadow[static_cast<size_t>(x)] - here[x]) * 2);
    out[x] = tint[x] * (lit + (kShade - lit) * dark);
  }
}

}  // namespace

GroundMap paint_ground(const GroundRequest& request, GroundDetail* detail) {
  const int64_t pixels_per_cell = request.pixels_per_cell;
  const int64_t stride = std::max<int64_t>(1, pixels_per_cell / 8);
  const float stride_m = static_cast<float>(stride) * 10.0f / static_cast<float>(pixels_per_cell);
  GroundMap map{.side = request.site.side_m / 10 * pixels_per_cell,
                .per_cell = pixels_per_cell,
                .material = {},
                .brightness = {},
                .cover = {},
                .terrain = {}};
  const int64_t lit = map.stride(), margin = kShadowSteps * stride + 1;
  const Painting painting = paint(request, margin + 1, margin, detail);
  map.material.resize(static_cast<size_t>(lit * lit));
  map.brightness.resize(static_cast<size_t>(lit * lit));
  map.terrain = terrain_of(request.seed, request.site.zone, request.site.east_m / 10, request.site.south_m / 10,
                           request.site.side_m / 10);
  std::vector<float> shadow;
  for (int64_t row = 0; row < lit; ++row) {
    const int64_t first = (row + margin) * painting.side + margin;
    std::copy_n(painting.material.data() + first, lit, map.material.data() + row * lit);
    if (row > 0 && row <= map.side) {
      const auto covers = painting.cover.begin() + first + 1;
      map.cover.insert(map.cover.end(), covers, covers + map.side);
    }
    light_row(painting, row, request.sun, stride, stride_m, shadow, map.brightness.data() + row * lit);
  }
  return map;
}

}  // namespace skysense::synth
