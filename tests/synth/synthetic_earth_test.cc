#include "synth/synthetic_earth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "core/random.h"
#include "synth/noise.h"
#include "synth/render.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;

TEST(SyntheticEarth, GivesCoRegisteredSeriesOfTheNominalSizes) {
  const SyntheticEarth earth({.seed = 3, .places = 12});
  const PlaceSample place = earth.get(5);
  EXPECT_EQ(place.images[Modality::kHr]->values.sizes(), torch::IntArrayRef({1, 3, 512, 512}));
  EXPECT_EQ(place.images[Modality::kMs]->values.sizes(), torch::IntArrayRef({10, 10, 64, 64}));
  EXPECT_EQ(place.images[Modality::kSar]->values.sizes(), torch::IntArrayRef({5, 2, 64, 64}));
  EXPECT_EQ(place.label.sizes(), torch::IntArrayRef({64, 64}));
  EXPECT_EQ(place.scene_class, 5);
  EXPECT_TRUE(place.latitude_deg && std::abs(*place.latitude_deg) < 60);
  for (const Modality modality : kModalities) {
    const auto& contract = earth.contracts()[modality];
    const auto& images = place.images[modality].value();
    EXPECT_TRUE(images.values.isfinite().all().item<bool>());
    EXPECT_GE(images.values.min().item<double>(), contract->physical_min - 1e-6);
    EXPECT_LE(images.values.max().item<double>(), contract->physical_max + 1e-6);
    EXPECT_GT(images.values.std().item<double>(), 0.01);
  }
  const auto days = place.images[Modality::kMs]->day_of_year;
  EXPECT_TRUE(days.diff().ge(1).all().item<bool>());
}

TEST(SyntheticEarth, TheSameNumberGivesTheSamePlaceAndAnotherSeedAnother) {
  const SynthOptions options{.seed = 3, .places = 4, .cells = 16};
  const auto values = [](const SynthOptions& o) { return SyntheticEarth(o).get(2).images[Modality::kHr]->values; };
  EXPECT_TRUE(torch::equal(values(options), values(options)));
  auto other = options;
  other.seed = 4;
  EXPECT_FALSE(torch::equal(values(options), values(other)));
}

TEST(SyntheticEarth, RefusesWhatTheWorldCannotGive) {
  EXPECT_THROW(SyntheticEarth({.places = 0}), UsageError);
  EXPECT_THROW(SyntheticEarth({.places = 1, .cells = 641}), UsageError);
  EXPECT_THROW(SyntheticEarth({.places = 1, .hr_per_cell = 0}), UsageError);
  EXPECT_THROW(SyntheticEarth({.places = 1, .hr = false, .ms_dates = 0, .sar_dates = 0}), UsageError);
}

TEST(SyntheticEarth, RendersTheSensorsThatAreAskedFor) {
  const SynthOptions all{.places = 2, .cells = 16, .ms_dates = 2, .sar_dates = 1};
  SynthOptions ms = all;
  ms.hr = false;
  ms.sar_dates = 0;
  const SyntheticEarth whole(all), part(ms);
  for (const Modality modality : kModalities) {
    const bool wanted = modality == Modality::kMs;
    EXPECT_TRUE(whole.contracts()[modality].has_value());
    EXPECT_EQ(part.contracts()[modality].has_value(), wanted);
    EXPECT_EQ(part.get(1).images[modality].has_value(), wanted);
  }
  // What else is rendered changes nothing in a sensor's images.
  EXPECT_TRUE(torch::equal(whole.get(1).images[Modality::kMs]->values, part.get(1).images[Modality::kMs]->values));
}

/// Every class: two squares that share ground show the same there, in every sensor and label.
TEST(SyntheticWorld, TheSameGroundInTwoSquaresIsTheSame) {
  constexpr int64_t kSide = 24, kShift = 9;  // cells
  for (int64_t number = 0; number < synth::kSceneClasses; ++number) {
    const synth::Site site = synth::site_of(7, number, synth::Split::kTrain, kSide * 10);
    synth::Site moved = site;
    moved.east_m += kShift * 10;
    moved.south_m -= kShift * 10;
    const synth::RenderOptions options{.seed = 7, .ms_dates = 3, .sar_dates = 2};
    const auto a = synth::render_place(site, options), b = synth::render_place(moved, options);
    // Rows of `a` are `kShift` rows lower in `b`; columns further left.
    const auto expect_shared = [&](const auto* first, const auto* second, int64_t side, int64_t shift) {
      for (int64_t row = 0; row + shift < side; ++row) {
        for (int64_t column = shift; column < side; ++column) {
          ASSERT_EQ(first[row * side + column], second[(row + shift) * side + column - shift])
              << number << " " << row << " " << column;
        }
      }
    };
    expect_shared(a.hr.data(), b.hr.data(), kSide * 8, kShift * 8);
    expect_shared(a.cover.data(), b.cover.data(), kSide, kShift);
    for (size_t date = 0; date < 3; ++date) {
      ASSERT_EQ(a.ms[date].day_of_year, b.ms[date].day_of_year);
      expect_shared(a.ms[date].dn.data() + 6 * kSide * kSide, b.ms[date].dn.data() + 6 * kSide * kSide, kSide, kShift);
      expect_shared(a.ms[date].clear.data(), b.ms[date].clear.data(), kSide, kShift);
    }
    expect_shared(a.sar[1].backscatter.data(), b.sar[1].backscatter.data(), kSide, kShift);
  }
}

TEST(SyntheticWorld, PlacesOfDifferentSplitsNeverTouch) {
  using Region = std::tuple<int, bool, int64_t, int64_t>;
  const auto region_of = [](const synth::Site& site, int64_t east, int64_t south) {
    return Region(site.zone.number, site.zone.southern, site.east_m / synth::kRegionMetres + east,
                  site.south_m / synth::kRegionMetres + south);
  };
  constexpr std::array<std::pair<synth::Split, int64_t>, 3> kSplits = {
      {{synth::Split::kTrain, 40000}, {synth::Split::kVal, 10000}, {synth::Split::kTest, 10000}}};
  std::set<Region> taken;  // by the splits before
  for (const auto& [split, places] : kSplits) {
    std::set<Region> regions;
    for (int64_t number = 0; number < places; ++number) {
      const synth::Site site = synth::site_of(7, number, split, 640);
      regions.insert(region_of(site, 0, 0));
      for (const int64_t east : {-1, 0, 1}) {
        for (const int64_t south : {-1, 0, 1}) ASSERT_FALSE(taken.contains(region_of(site, east, south)));
      }
    }
    EXPECT_EQ(regions.size(), static_cast<size_t>(places));  // no region twice
    taken.merge(regions);
  }
}

TEST(SyntheticWorld, PlacesOfChosenScenesTakeTurnsAndCoverAllRegions) {
  constexpr std::array kKinds = {synth::SceneClass::kHarbour, synth::SceneClass::kDunes, synth::SceneClass::kAirport};
  const int64_t regions = synth::site_count(synth::Split::kVal, 1);
  EXPECT_EQ(synth::site_count(synth::Split::kVal, 3), 3 * regions);
  for (int64_t number = 0; number < 30; ++number) {
    const auto site = [&](int64_t round) {
      return synth::site_of(7, number + round * regions, synth::Split::kVal, 640, kKinds);
    };
    const synth::Site first = site(0);
    EXPECT_EQ(first.kind, kKinds[static_cast<size_t>(number) % 3]);
    // The ground is the world's: the scene there is of that class, whoever asks.
    EXPECT_EQ(
        synth::scene_at(7, first.zone, first.east_m / synth::kSceneMetres, first.south_m / synth::kSceneMetres).kind,
        first.kind);
    std::set<synth::SceneClass> seen;  // of one region, round by round
    for (int64_t round = 0; round < 3; ++round) {
      seen.insert(site(round).kind);
      EXPECT_EQ(site(round).east_m / synth::kRegionMetres, first.east_m / synth::kRegionMetres);
    }
    EXPECT_EQ(seen.size(), 3u);
  }
}

TEST(SyntheticWorld, LonLatAgreesWithKnownPoints) {
  // From PROJ (EPSG:32631, EPSG:32733) to WGS 84.
  const auto paris = synth::lonlat_of({.number = 31, .southern = false}, 448251.8, 5411932.7);
  EXPECT_NEAR(paris.longitude_deg, 2.2945, 2e-5);
  EXPECT_NEAR(paris.latitude_deg, 48.8582, 2e-5);
}

/// The bytes of one place, fixed for ever: another machine, compiler or optimisation must not move a bit.
TEST(SyntheticWorld, RendersTheSameBytesEverywhere) {
  uint64_t hash = 0;
  for (int64_t number = 0; number < synth::kSceneClasses; ++number) {
    const auto place = synth::render_place(synth::site_of(1, number, synth::Split::kTrain, 160),
                                           {.seed = 1, .ms_dates = 2, .sar_dates = 1});
    const auto add = [&](const auto& values) {
      hash = mix(hash, hash_text({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0])}));
    };
    add(place.hr);
    add(place.ms[1].dn);
    add(place.sar[0].backscatter);
    add(place.cover);
  }
  EXPECT_EQ(hash, 5662328661511270325u);
}

TEST(SyntheticWorld, PlainLogAndExponentAgreeWithTheLibrary) {
  for (float x = 1e-6f; x < 1e6f; x *= 1.37f) {
    EXPECT_NEAR(synth::plain_log(x), std::log(x), 1e-6 * (1 + std::abs(std::log(x))));
    EXPECT_NEAR(synth::plain_exp2(std::log2(x)) / x, 1, 4e-6);
  }
}

/// Colours alone must not tell the classes apart: nearest neighbours of per-band means and deviations.
TEST(SyntheticWorld, BandStatisticsAreAPoorGuideToTheClass) {
  constexpr int64_t kTrain = 240, kTest = 120;
  const auto statistics = [](int64_t count, synth::Split split) {
    auto rows = torch::empty({count, 6});
    for (int64_t number = 0; number < count; ++number) {
      const auto place = synth::render_place(synth::site_of(1, number, split, 320),
                                             {.seed = 1, .hr_per_cell = 4, .ms_dates = 0, .sar_dates = 0});
      const auto hr =
          torch::from_blob(const_cast<uint8_t*>(place.hr.data()), {3, 128 * 128}, torch::kUInt8).to(torch::kFloat32);
      rows[number].narrow(0, 0, 3).copy_(hr.mean(1));
      rows[number].narrow(0, 3, 3).copy_(hr.std(1));
    }
    return rows;
  };
  auto train = statistics(kTrain, synth::Split::kTrain), test = statistics(kTest, synth::Split::kTest);
  const auto mean = train.mean(0), spread = train.std(0);
  train = (train - mean) / spread;
  test = (test - mean) / spread;
  const auto nearest = std::get<1>(torch::cdist(test, train).topk(5, 1, /*largest=*/false)) % synth::kSceneClasses;
  const auto guess = std::get<0>(nearest.mode(1));
  const double accuracy =
      guess.eq(torch::arange(kTest) % synth::kSceneClasses).to(torch::kFloat64).mean().item<double>();
  EXPECT_LT(accuracy, 0.45);
}

}  // namespace
}  // namespace skysense
