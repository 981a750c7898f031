#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "datasets/dataset_options.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// What is asked of places: the readers places-class, places-covers, … in this order.
enum class PlaceTask {
  kClass,           ///< scene class
  kCovers,          ///< which land covers are on at least 5 % of the place
  kLandCover,       ///< land cover on the label raster's grid, of Synthetic Earth 10 m
  kHrLandCover,     ///< land cover of the HR image's pixels
  kCrops,           ///< crop at 10 m, unlabelled elsewhere
  kChange,          ///< where the land cover of two HR flights differs
  kSemanticChange,  ///< the land cover of both flights
  kMonths,          ///< land cover of every month with its MS image
  kObjects,         ///< oriented boxes of the HR image's objects
};

struct PlaceTaskTraits {
  PlaceTask task;
  const char* reader;  ///< "places-class"
  const char* title;
  LabelKind label;
};
inline constexpr std::array<PlaceTaskTraits, 9> kPlaceTasks = {{
    {PlaceTask::kClass, "places-class", "places: scene class", LabelKind::kClass},
    {PlaceTask::kCovers, "places-covers", "places: land covers on at least 5 % of them", LabelKind::kMultiLabel},
    {PlaceTask::kLandCover, "places-landcover", "places: land cover by cell", LabelKind::kMask},
    {PlaceTask::kHrLandCover, "places-hr-landcover", "places: land cover by HR pixel", LabelKind::kMask},
    {PlaceTask::kCrops, "places-crops", "places: crops by cell", LabelKind::kMask},
    {PlaceTask::kChange, "places-change", "places: change between two HR flights", LabelKind::kChangeMask},
    {PlaceTask::kSemanticChange, "places-semantic-change", "places: land cover on two HR flights",
     LabelKind::kTwoMasks},
    {PlaceTask::kMonths, "places-months", "places: land cover of each month", LabelKind::kMaskSeries},
    {PlaceTask::kObjects, "places-objects", "places: oriented boxes of the objects in HR", LabelKind::kBoxes},
}};
const PlaceTaskTraits& traits_of(PlaceTask task);

/// Name, label kind and classes with colours as Synthetic Earth has them; no sensors and no split rule yet.
DatasetDescription describe_place_task(PlaceTask task);

/// The task's samples: of the synthetic world, rendered as they are asked for, where `data` is
/// "synth:PLACES[,val=N][,test=N][,seed=S][,size=CELLS][,hr=PIXELS][,ms=DATES][,sar=DATES][,scenes=A+B]"; else of a
/// dataset folder (index.jsonl or tensor shards) with its parts val/ and test/ where it has them, and else split by
/// share. Throws DataError for a folder that is none or has not the labels of the task, UsageError for a world that
/// cannot be.
std::unique_ptr<LabelledDataset> open_place_task(PlaceTask task, const std::filesystem::path& data,
                                                 const DatasetOptions& options);

}  // namespace skysense
