#include "core/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/shard_writer.h"
#include "core/tar.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

const ShardSource kSource{3, 0xdeadbeef, 2048};

MemberSource text_member(const std::string& name, const std::string& text) {
  return {name, static_cast<int64_t>(text.size()), [text](const auto& write) { write(text); }};
}

void add_place(ShardWriter& writer, const std::string& text) {
  writer.begin_place(static_cast<int64_t>(text.size()));
  writer.add(text_member("m", text));
  writer.end_place(R"({"id":"a"})");
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Shard, SidecarAndListReadBackTheSame) {
  const ShardSidecar sidecar{.kind = ShardKind::kTensors,
                             .tar = "shard-00000.tar",
                             .tar_bytes = 4096,
                             .source = kSource,
                             .first_place = 0,
                             .end_place = 3,
                             .places = {R"({"id":"a"})"},
                             .members = {{"a", 512, 10, 1}, {"b", 1536, 0, 0xffffffff}},
                             .left_out = {{"c", "it is \"gone\""}}};
  EXPECT_EQ(parse_sidecar(format_sidecar(sidecar), "s"), sidecar);
  const ShardList list{ShardKind::kGeotiff, {{"shard-00000.tar", 4096, 2}}};
  EXPECT_EQ(parse_shard_list(format_shard_list(list), "s"), list);
}

TEST(Shard, SidecarsThatCannotBeTrueAreRefused) {
  ShardSidecar sidecar{.tar = "t.tar",
                       .tar_bytes = 4096,
                       .source = kSource,
                       .places = {},
                       .members = {{"a", 512, 3000, 1}, {"b", 3584, 512, 1}},
                       .left_out = {}};
  EXPECT_NO_THROW(parse_sidecar(format_sidecar(sidecar), "s"));
  const auto refused = [&](const ShardSidecar& damaged, const char* why) {
    EXPECT_THAT([&] { parse_sidecar(format_sidecar(damaged), "s.json"); },
                ThrowsMessage<DataError>(::testing::AllOf(HasSubstr("s.json"), HasSubstr(why))));
  };
  ShardSidecar damaged = sidecar;
  damaged.members[1].bytes = 513;
  refused(damaged, "ends beyond");
  damaged = sidecar;
  damaged.members[0].bytes = 3073;
  refused(damaged, "overlaps");
  damaged = sidecar;
  damaged.tar = "../t.tar";
  refused(damaged, "no file name");
  damaged = sidecar;
  damaged.end_place = 4;
  refused(damaged, "places 0 to 4 of 3");
  std::string text = format_sidecar(sidecar);
  text.replace(text.find("deadbeef"), 8, "deadbeeg");
  EXPECT_THAT([&] { parse_sidecar(text, "s"); }, ThrowsMessage<DataError>(HasSubstr("hexadecimal")));
  EXPECT_THAT([] { parse_sidecar(R"({"format_version":2})", "s"); },
              ThrowsMessage<DataError>(HasSubstr("format_version is 2")));
}

TEST(Shard, ChecksumsAreThoseOfZlib) {
  EXPECT_EQ(crc32_of("123456789"), 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
  EXPECT_EQ(crc32_of("6789", crc32_of("12345")), 0xcbf43926U);
}

TEST(ShardWriter, PlacesAreNeverDividedAndShardsStayBelowTheirSize) {
  const TemporaryFolder folder;
  ShardWriter writer(folder.path(), ShardKind::kGeotiff, kSource, false);
  add_place(writer, std::string(600, 'a'));   // 512 + 1024 bytes in the tar
  add_place(writer, std::string(600, 'b'));   // would make it larger than 2048
  add_place(writer, std::string(5000, 'c'));  // larger than a shard by itself
  const auto shards = writer.finish();
  ASSERT_EQ(shards.size(), 3U);
  for (const ShardSidecar& shard : shards) {
    EXPECT_EQ(shard.members.size(), 1U);
    EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(folder / shard.tar)), shard.tar_bytes);
    EXPECT_EQ(shard.tar_bytes % kTarBlock, 0);
  }
  EXPECT_EQ(read_text_file(folder / "shard-00001.tar").substr(512, 600), std::string(600, 'b'));
}

TEST(ShardWriter, GoesOnBehindTheLastWholeShard) {
  const TemporaryFolder folder;
  {
    ShardWriter writer(folder.path(), ShardKind::kGeotiff, kSource, false);
    add_place(writer, std::string(1500, 'a'));
    add_place(writer, std::string(1500, 'b'));  // closes the first shard, and is lost with its own
  }
  EXPECT_THAT(names_in(folder.path()), ElementsAre("shard-00000.json", "shard-00000.tar"));
  std::ofstream(folder / "shard-00001.tar") << "no sidecar";
  ShardWriter writer(folder.path(), ShardKind::kGeotiff, kSource, false);
  EXPECT_EQ(writer.next_place(), 1);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("shard-00000.json", "shard-00000.tar"));
  writer.leave_out({"b", "gone"});
  add_place(writer, "c");
  EXPECT_EQ(writer.finish().back().end_place, 3);
}

TEST(ShardWriter, TwoRunsDoNotWriteToOneFolder) {
  const TemporaryFolder folder;
  const ShardWriter first(folder.path(), ShardKind::kGeotiff, kSource, false);
  EXPECT_THAT([&] { ShardWriter(folder.path(), ShardKind::kGeotiff, kSource, false); },
              ThrowsMessage<DataError>(HasSubstr("another run")));
}

TEST(ShardWriter, SizesHaveUnits) {
  EXPECT_EQ(parse_shard_size("256M"), 268435456);
  EXPECT_EQ(parse_shard_size("17"), 17);
  for (const char* text : {"", "M", "0", "-1K", "1T", "1.5G", "99999999999G"})
    EXPECT_THROW(parse_shard_size(text), UsageError) << text;
}

TEST(PlaceIndex, RelativePathsWithinASubfileAreMeantFromTheFolder) {
  EXPECT_EQ(resolve_place_path("/d", "/vsisubfile/512_10,shard-00000.tar"), "/vsisubfile/512_10,/d/shard-00000.tar");
  EXPECT_EQ(resolve_place_path("/vsicurl/http://h/d", "/vsisubfile/1_2,a.tar"),
            "/vsisubfile/1_2,/vsicurl/http://h/d/a.tar");
  EXPECT_EQ(resolve_place_path("/d", "/vsisubfile/1_2,/abs.tar"), "/vsisubfile/1_2,/abs.tar");
  EXPECT_EQ(resolve_place_path("d", "a.tif"), "d/a.tif");
  EXPECT_EQ(resolve_place_path("d", "/vsizip/a.zip/b"), "/vsizip/a.zip/b");
  EXPECT_EQ(resolve_place_path("d", R"(NETCDF:"a.nc":B02)"), R"(NETCDF:"a.nc":B02)");
  EXPECT_EQ(resolve_place_path("d", "/vsisubfile/1_2"), "/vsisubfile/1_2");
}

}  // namespace
}  // namespace skysense
