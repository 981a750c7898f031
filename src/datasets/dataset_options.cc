#include "datasets/dataset_options.h"

namespace skysense {

void DatasetOptions::describe(OptionFields& fields) {
  fields("train_share", train_share, "share of samples to train with where there is no official split; 0: the reader's")
      .between(0, 1);
  fields("seed", seed, "of the draw of that share").at_least(0);
  fields("fold", fold, "PASTIS: test fold; the one before it validates").between(1, 5);
  fields("dates", dates, "DynamicEarthNet: Planet images of a month").one_of({"single", "weekly", "daily"});
  fields("series", series, "DynamicEarthNet: a sample is a cube of all months");
  fields("sensor", sensor, "generic layouts: built-in contract of the images");
  fields("bands", bands, "band numbers from 1, e.g. B04=3,B03=2; empty: by name or order");
  fields("attribute", attribute, "vector labels: column that names the class; empty: every area is one class");
  fields("boxes", boxes, "boxes: upright, or oriented with their objects; empty: as the data set has them")
      .one_of({"", "upright", "oriented"});
  fields("least_share", least_share, "boxes: objects of which a window or tile shows less are ignored").between(0, 1);
  fields("strict", strict, "boxes: a faulty object or a missing file is an error; false: it is left out and counted");
  fields("cache_mb", cache_mb, "places: memory in MiB that keeps those which were read or rendered").between(0, 1e6);
}

}  // namespace skysense
