#include "core/tile_journal.h"

#include <gmock/gmock.h>

#include <fstream>
#include <vector>

#include "core/error.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

constexpr int64_t kMost = 1 << 20;

struct Contents {
  std::string header;
  std::vector<JournalRecord> records;
  int64_t whole_bytes = 0;
};

Contents read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  TileJournalReader reader(stream, path.string(), kMost);
  Contents contents{.header = reader.header(), .records = {}, .whole_bytes = 0};
  while (auto record = reader.next()) contents.records.push_back(std::move(*record));
  contents.whole_bytes = reader.whole_bytes();
  return contents;
}

class TileJournal : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  const fs::path path = folder.path() / "map.tif.journal";
  const JournalRecord first{{0, -3, 2, 4}, std::string("\0\1\2\3\4\5\6\7", 8)},
      second{{2, -3, 1, 1}, std::string(5000, 'x')};

  void write() {
    TileJournalWriter writer(path, "conditions");
    writer.append(first);
    writer.append(second);
  }
};

TEST_F(TileJournal, RecordsComeBackInOrder) {
  write();
  const Contents contents = read(path);
  EXPECT_EQ(contents.header, "conditions");
  ASSERT_EQ(contents.records.size(), 2u);
  EXPECT_EQ(contents.records[0].window, first.window);
  EXPECT_EQ(contents.records[0].bytes, first.bytes);
  EXPECT_EQ(contents.records[1].bytes, second.bytes);
  EXPECT_EQ(contents.whole_bytes, static_cast<int64_t>(fs::file_size(path)));
  EXPECT_LT(fs::file_size(path), 1000u);  // repeated bytes are compressed
}

TEST_F(TileJournal, ARecordCutShortIsAsIfItWereNotThereAndIsWrittenOver) {
  write();
  const auto whole = fs::file_size(path);
  for (const uintmax_t missing : {1u, 5u, 30u}) {
    fs::resize_file(path, whole - missing);
    const Contents contents = read(path);
    ASSERT_EQ(contents.records.size(), 1u);
    TileJournalWriter(path, contents.whole_bytes).append(second);
    EXPECT_EQ(read(path).records.size(), 2u);
    EXPECT_EQ(fs::file_size(path), whole);
  }
}

TEST_F(TileJournal, DamageEndsTheJournalAtTheRecordBefore) {
  write();
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(-10, std::ios::end).put('!');
  EXPECT_EQ(read(path).records.size(), 1u);
}

TEST_F(TileJournal, WhatIsNoJournalIsRefused) {
  std::ofstream(path) << "something else entirely, and long enough";
  EXPECT_THROW(read(path), DataError);
  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_THROW(read(path), DataError);
}

TEST_F(TileJournal, ARecordLargerThanAllowedIsNotRead) {
  TileJournalWriter(path, "").append({{0, 0, 1, 1}, std::string(kMost + 1, 'a')});
  EXPECT_TRUE(read(path).records.empty());
}

TEST_F(TileJournal, ASecondWriterIsRefused) {
  const TileJournalWriter one(path, "a");
  EXPECT_THROW(TileJournalWriter(path, "b"), DataError);
  EXPECT_EQ(read(path).header, "a");
}

TEST_F(TileJournal, RemovingLeavesNothing) {
  TileJournalWriter(path, "a").remove();
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace skysense
