#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/class_names.h"
#include "core/config.h"
#include "core/feature_file.h"
#include "core/files.h"
#include "core/osm_rules.h"
#include "core/place_index.h"
#include "core/safetensors.h"
#include "core/sensor_contract.h"
#include "core/shard.h"
#include "core/tile_journal.h"
#include "data/box_formats.h"
#include "fuzz/config_example.h"
#include "heads/task_description.h"
#include "infer/object_records.h"

namespace {

namespace fs = std::filesystem;
using skysense::ElementType;
using skysense::write_file_atomically;

void write_safetensors_seeds(const fs::path& folder) {
  const std::vector<std::byte> bytes(96, std::byte{1});
  const auto tensor = [&](const char* name, ElementType type, std::vector<int64_t> shape, size_t size) {
    return skysense::TensorView{name, type, std::move(shape), std::span(bytes).first(size)};
  };
  skysense::write_safetensors(folder / "empty", {});
  skysense::write_safetensors(folder / "metadata", {tensor("a", ElementType::kF32, {2, 3}, 24)},
                              {{"format_version", "1"}});
  skysense::write_safetensors(folder / "types",
                              {tensor("f64", ElementType::kF64, {3}, 24), tensor("bf16", ElementType::kBF16, {2, 2}, 8),
                               tensor("i64", ElementType::kI64, {}, 8), tensor("bool", ElementType::kBool, {0, 5}, 0),
                               tensor("u8", ElementType::kU8, {1, 2, 3, 4}, 24)});
}

void write_task_seeds(const fs::path& folder) {
  skysense::TaskDescription task{.recipe = "r",
                                 .dataset = "d",
                                 .kind = skysense::TaskKind::kMap,
                                 .classes = {"a", "b"},
                                 .colours = {{1, 2, 3}, {4, 5, 6}},
                                 .modalities = {skysense::Modality::kHr, skysense::Modality::kMs},
                                 .output = skysense::Modality::kMs,
                                 .tile = 64,
                                 .pixels_per_output = {{{8, 1, 0}}}};
  write_file_atomically(folder / "map", skysense::format_task_description(task));
  task.colours.clear();
  task.kind = skysense::TaskKind::kChange;
  task.loss = skysense::TaskLoss::kBinaryCrossEntropy;
  write_file_atomically(folder / "change", skysense::format_task_description(task));
  task.kind = skysense::TaskKind::kBoxes;
  task.loss = skysense::TaskLoss::kCrossEntropy;
  task.oriented = true;
  write_file_atomically(folder / "boxes", skysense::format_task_description(task));
}

void write_place_seeds(const fs::path& folder) {
  skysense::PlaceRecord place{
      .id = "a", .images = {}, .label = "", .longitude_deg = {}, .latitude_deg = {}, .scene_class = {}, .ground = {}};
  place.images[skysense::Modality::kHr] = {{{"hr.tif"}, {}, ""}};
  write_file_atomically(folder / "hr", skysense::format_place(place));
  place.images[skysense::Modality::kMs] = {{{"B02.tif", "B03.tif"}, skysense::Date{2024, 5, 1}, "scl.tif"},
                                           {{"/vsizip/s2.zip/b.tif"}, skysense::Date{2023, 12, 31}, ""}};
  place.images[skysense::Modality::kSar] = {{{"s1.tif"}, skysense::Date{2024, 2, 29}, ""}};
  place.label = "label.tif";
  place.longitude_deg = -12.5;
  place.latitude_deg = 47.25;
  place.scene_class = 3;
  place.ground = skysense::PlaceGround{"EPSG:32631", 500000, 5600000, 500640, 5600640};
  place.images[skysense::Modality::kMs][0].add = -1000;
  write_file_atomically(folder / "all", skysense::format_place(place));
  write_file_atomically(folder / "classes", skysense::format_class_names({"Airport", "Bare land"}));
  write_file_atomically(
      folder / "labels",
      R"({"id":"a","covers":["water"],"hr_cover":"c.tif","crops":"d.tif","change":{"mask":"m.tif","flights":[)"
      R"({"date":"2023-06-01","hr":"a.tif","hr_cover":"ac.tif"},{"date":"2025-06-01","hr":"b.tif","hr_cover":"bc.tif"}]},)"
      R"("months":[{"date":"2023-01-14","ms":"m1.tif","clear":"c1.tif","cover":"l1.tif"}]})");
}

void write_collection_seeds(const fs::path& folder) {
  write_file_atomically(
      folder / "item",
      R"({"type":"Feature","stac_version":"1.0.0","id":"a","collection":"s2","properties":{"datetime":"2024-05-01T00:00:00Z",)"
      R"("proj:epsg":32631},"assets":{"blue":{"href":"b.tif","roles":["data"],"eo:bands":[{"name":"B02"}],)"
      R"("raster:bands":[{"scale":1e-4,"offset":-0.1}]}}})");
  write_file_atomically(
      folder / "catalog",
      R"({"type":"Catalog","stac_version":"1.1.0","id":"c","links":[{"rel":"item","href":"./a.json"}]})");
  write_file_atomically(
      folder / "config",
      R"({"layers":{"s2":{"type":"raster","band_sets":[{"bands":["B02","B03"]}],"data_source":{"class_path":"S2",)"
      R"("init_args":{"harmonize":true}}}}})");
  write_file_atomically(
      folder / "items",
      R"([{"layer_name":"s2","serialized_item_groups":[[{"geometry":{"time_range":["2024-05-01","2024-05-01"]}}]]}])");
  write_file_atomically(folder / "window",
                        R"({"time_range":["2024-05-01T00:00:00+00:00","2024-06-01T00:00:00+00:00"]})");
  write_file_atomically(folder / "safe",
                        "<a><PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE><BOA_QUANTIFICATION_VALUE unit=\"none\">10000"
                        "</BOA_QUANTIFICATION_VALUE><BOA_ADD_OFFSET band_id=\"0\">-1000</BOA_ADD_OFFSET></a>");
}

void write_config_seeds(const fs::path& folder) {
  skysense::fuzz::ExampleOptions options;
  write_file_atomically(folder / "all", skysense::dump_yaml(skysense::fields_of(options)));
  write_file_atomically(folder / "assignment", "train.inner.depths=[1, 2, 3]");
  write_file_atomically(folder / "flow",
                        "{train: {lr: 1e-3, dtype: bfloat16, inner: {flag: yes}}, sensors: [ms, \"s ar\"]}");
  write_file_atomically(folder / "anchor", "seed: &x 3\ntrain:\n  steps: *x\nname: |\n  two\n  lines\n");
}

void write_contract_seeds(const fs::path& folder) {
  for (const std::string& name : skysense::builtin_contract_names()) {
    const auto contract = skysense::builtin_contract(name);
    skysense::SensorContracts contracts;
    contracts[contract.modality] = contract;
    write_file_atomically(folder / name, skysense::contracts_to_json(contracts).dump());
  }
}

void write_journal_seeds(const fs::path& folder) {
  skysense::TileJournalWriter(folder / "empty", R"({"model":"a"})");
  skysense::TileJournalWriter writer(folder / "records", "{}");
  writer.append({{0, -5, 2, 3}, std::string(6, 'a')});
  writer.append({{2, -5, 2, 3}, std::string(600, 'b')});
}

/// Behind the two bytes that fuzz_object_records begins with.
void write_object_seeds(const fs::path& folder) {
  skysense::GroupObjects objects;
  objects.tiles = {{}, {}};
  write_file_atomically(folder / "none", std::string("\2\3") + skysense::pack_objects(objects));
  const skysense::FoundObject ship{.box = {30, 40, 24, 6, 0.4}, .object_class = 1, .score = 0.75},
      tank{.box = {10, 50, 8, 8, -1}, .object_class = 2, .score = 0.5};
  objects.tiles = {{ship, tank}, {}, {ship}, {tank, ship}};
  objects.computed = 3;
  objects.on_nodata = 2;
  write_file_atomically(folder / "some", std::string("\4\3") + skysense::pack_objects(objects));
  skysense::FoundObject moved = ship;
  moved.box.x -= 32;  // where the tile half a tile to the right sees it
  objects.tiles = {{ship}, {moved}};
  write_file_atomically(folder / "seam", std::string("\2\2") + skysense::pack_objects(objects));
}

void write_shard_seeds(const fs::path& folder) {
  skysense::ShardSidecar sidecar{.tar = "shard-00000.tar",
                                 .tar_bytes = 4096,
                                 .source = {3, 0xdeadbeef, 2048},
                                 .end_place = 2,
                                 .places = {},
                                 .members = {},
                                 .left_out = {}};
  write_file_atomically(folder / "empty", skysense::format_sidecar(sidecar));
  sidecar.places = {R"({"id":"a","hr":[{"path":"/vsisubfile/512_100,shard-00000.tar"}]})"};
  sidecar.members = {{"00000000_a/hr-0.tif", 512, 100, 1}, {"00000001_b/hr-0.tif", 1536, 512, 0xffffffff}};
  sidecar.left_out = {{"c", "cannot be opened"}};
  write_file_atomically(folder / "all", skysense::format_sidecar(sidecar));
  write_file_atomically(folder / "list",
                        skysense::format_shard_list({skysense::ShardKind::kTensors, {{"shard-00000.tar", 4096, 2}}}));
}

void write_feature_seeds(const fs::path& folder) {
  skysense::FeatureSet features{.width = 2, .values = {1, 2, 3, 4}, .labels = {}, .class_names = {}, .ids = {}};
  skysense::write_feature_file(folder / "bare", features);
  features.labels = {0, -1};
  features.class_names = {"lake"};
  features.ids = {"a", "b"};
  skysense::write_feature_file(folder / "all", features);
}

void write_osm_seeds(const fs::path& folder) {
  write_file_atomically(folder / "default", skysense::default_osm_rules_text());
  write_file_atomically(folder / "small",
                        "format_version: 1\nclasses: [{number: 0, name: a, colour: \"#102030\"}]\nrules:\n"
                        "- {name: r, class: a, geometry: [line, point], where: [{highway: [a, b]}, {x: \"*\"}],\n"
                        "   unless: {tunnel: \"*\"}, order: 2, width_m: 3, width_tag: width, lane_m: 3, radius_m: 2,\n"
                        "   min_pixels: 1, max_gsd_m: 5}\n");
  write_file_atomically(folder / "tags", skysense::format_hstore({{"a", "b\\"}, {"c\"", "12 m"}}));
  write_file_atomically(folder / "length", "5'6\"");
}

void write_clip_seeds(const fs::path& folder) {
  write_file_atomically(
      folder / "whole",
      R"({"model_type":"clip","projection_dim":768,"text_config":{"hidden_size":768,"num_attention_heads":12,)"
      R"("hidden_act":"quick_gelu","eos_token_id":2},"text_config_dict":{"layer_norm_eps":1e-5}})");
  write_file_atomically(folder / "index", R"({"metadata":{},"weight_map":{"a":"model-00001-of-00002.safetensors"}})");
  write_file_atomically(folder / "roles",
                        R"({"bos_token":{"content":"<|startoftext|>","normalized":true},"pad_token":"!"})");
  write_file_atomically(folder / "tokenizer",
                        R"({"added_tokens":[{"id":1,"content":"<|endoftext|>","normalized":false}]})");
  write_file_atomically(
      folder / "files",
      "{\"a\":0,\"b\":1,\"ab\":2,\"b</w>\":3,\"ab</w>\":4,\"<|startoftext|>\":5,\"<|endoftext|>\":6}\x1e"
      "#version: 0.2\na b\na b</w>\n\x1e"
      "{\"added_tokens_decoder\":{\"7\":{\"content\":\"X\",\"normalized\":true}}}\x1e"
      "abab<|endoftext|> x!");
  write_file_atomically(folder / "text", "It's 12 m², E\u0301t\u00e9 \u68ee\u6797 \U0001F30D <|STARTOFTEXT|>!");
}

void write_dataset_seeds(const fs::path& folder) {
  const auto npy = [](const std::string& dict, const std::string& data) {
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(dict.size()) + '\0' + dict + data;
  };
  write_file_atomically(folder / "npy",
                        npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1, 2, 3), }\n", std::string(24, 1)));
  write_file_atomically(folder / "npy_scalar", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n", "a"));
  write_file_atomically(folder / "csv",
                        "category,location_id,polygon\nairport,3,\"POLYGON ((1 2, 3 \"\"4))\"\r\nzoo,-1,\n");
  write_file_atomically(
      folder / "pastis",
      R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ID_PATCH":"10000","Fold":1,)"
      R"("dates-S2":{"0":20180924,"1":"20181004"},"dates-S1A":"{\"0\": 20180902}"}}]})");
  write_file_atomically(folder / "bigearthnet", R"({"labels":["Pastures"],"acquisition_time":"2017-06-13T16:50:43",)"
                                                R"("corresponding_s2_patch":"S2A_MSIL2A_20170613T101031_87_48"})");
}

void write_box_seeds(const fs::path& folder) {
  const std::vector<std::string> names = {"ship", "plane"};
  skysense::LabelledImage image{.file = "a.png", .width = 100, .height = 80, .boxes = {}};
  skysense::LabelledBox box{.category = 0, .corners = skysense::OrientedBox{40, 30, 30, 10, 0.4}.corners()};
  image.boxes.push_back(box);
  box = {.category = 1, .corners = skysense::OrientedBox{95, 70, 30, 20, -1}.corners(), .truncated = true};
  box.difficult = true;
  image.boxes.push_back(box);
  write_file_atomically(folder / "dota", skysense::dota_text(image, names));
  write_file_atomically(folder / "voc", skysense::voc_xml(image, names));
  skysense::CocoDocument coco(names);
  coco.add(image);
  write_file_atomically(folder / "coco", coco.json().dump());
  write_file_atomically(
      folder / "fair1m",
      "<annotation><size><width>100</width><height>80</height></size><objects><object><possibleresult><name>ship</name>"
      "</possibleresult><points><point>1.5,2</point><point>9,2</point><point>9,5</point><point>1.5,5</point>"
      "<point>1.5,2</point></points></object></objects></annotation>");
  write_file_atomically(folder / "entity", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>");
}

}  // namespace

/// fuzz_seeds FOLDER: writes FOLDER/TARGET/* for every target.
int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: fuzz_seeds FOLDER\n", stderr), 2;
  const fs::path root = argv[1];
  for (const char* target : {"safetensors", "place_index", "config", "contract", "collections", "shard", "osm_rules",
                             "clip", "features", "datasets", "boxes", "task", "tile_journal", "object_records"})
    fs::create_directories(root / target);
  write_safetensors_seeds(root / "safetensors");
  write_place_seeds(root / "place_index");
  write_config_seeds(root / "config");
  write_collection_seeds(root / "collections");
  write_contract_seeds(root / "contract");
  write_shard_seeds(root / "shard");
  write_osm_seeds(root / "osm_rules");
  write_clip_seeds(root / "clip");
  write_feature_seeds(root / "features");
  write_dataset_seeds(root / "datasets");
  write_box_seeds(root / "boxes");
  write_task_seeds(root / "task");
  write_journal_seeds(root / "tile_journal");
  write_object_seeds(root / "object_records");
  return 0;
}
