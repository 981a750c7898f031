#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/error.h"
#include "core/files.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

RasterLayout layout_of(int64_t side, const std::string& format) {
  RasterLayout layout;
  layout.width = layout.height = side;
  layout.georeference = {wkt_from_text("EPSG:32631"), {0, 10, 0, 0, 0, -10}};
  layout.format = format;
  return layout;
}

std::vector<float> noise(int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>((i * 7919) % 104729) * 0.37F);
  return values;
}

int64_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

TEST(AtomicOutput, AnAbandonedWriterLeavesTheEarlierFileAndNothingElse) {
  const TemporaryFolder folder;
  const auto values = noise(64 * 64);
  write_raster(folder / "a.tif", layout_of(64, "COG"), values.data());
  const std::string before = read_text_file(folder / "a.tif");
  {
    RasterWriter writer(folder / "a.tif", layout_of(64, "COG"));
    writer.write({0, 0, 32, 64}, values.data());
  }
  EXPECT_TRUE(read_text_file(folder / "a.tif") == before);
  EXPECT_EQ(files_in(folder.path()), 1);
}

/// Writes in a child whose files may not grow beyond `limit` bytes, as on a full disk; its DataError's text comes back.
std::string error_under_limit(const std::filesystem::path& file, rlim_t limit) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit bound = {limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    std::string message = "written";
    try {
      RasterLayout layout = layout_of(1024, "COG");
      layout.creation_options = {"COMPRESS=NONE"};  // the output is larger than the pixels, by its overviews
      RasterWriter writer(file, layout);
      writer.write({0, 0, 1024, 1024}, noise(1024 * 1024).data());
      writer.finish();
    } catch (const DataError& error) {
      message = error.what();
    }
    const ssize_t written = ::write(pipe_ends[1], message.data(), message.size());
    ::_exit(written > 0 ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::string message(4096, '\0');
  const ssize_t read = ::read(pipe_ends[0], message.data(), message.size());
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  message.resize(read > 0 ? static_cast<size_t>(read) : 0);
  return WIFEXITED(status) ? message : "the child crashed";
}

TEST(AtomicOutput, AFullDiskIsSaidAndTheEarlierFileSurvives) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.tif", "the earlier file");
  // Once while pixels are written (4 MiB of them), once while the output is made of them.
  for (const rlim_t limit : {rlim_t{100'000}, rlim_t{4'300'000}}) {
    const std::string error = error_under_limit(folder / "a.tif", limit);
    EXPECT_THAT(error, AllOf(HasSubstr("a.tif"), HasSubstr("cannot be written"), HasSubstr("free space")))
        << "limit " << limit;
    EXPECT_TRUE(read_text_file(folder / "a.tif") == "the earlier file");
    EXPECT_EQ(files_in(folder.path()), 1);
  }
}

TEST(AtomicOutput, AFolderThatIsNotThereIsNamed) {
  EXPECT_THAT([] { RasterWriter("/nowhere/at/all.tif", layout_of(8, "COG")); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("/nowhere/at/all.tif"), HasSubstr("cannot be created"))));
}

TEST(AtomicOutput, UnknownCreationOptionsAndFormatsAreRefusedBeforeWork) {
  const TemporaryFolder folder;
  RasterLayout layout = layout_of(8, "COG");
  layout.creation_options = {"COMPRES=ZSTD"};
  EXPECT_THAT([&] { RasterWriter(folder / "a.tif", layout); }, ThrowsMessage<DataError>(HasSubstr("COMPRES")));
  layout.creation_options = {"COMPRESS"};
  EXPECT_THAT([&] { RasterWriter(folder / "a.tif", layout); }, ThrowsMessage<UsageError>(HasSubstr("NAME=VALUE")));
  EXPECT_THAT([&] { RasterWriter(folder / "a.tif", layout_of(8, "Gtif")); },
              ThrowsMessage<UsageError>(HasSubstr("Gtif")));
  EXPECT_EQ(files_in(folder.path()), 0);
}

TEST(AtomicOutput, CreationOptionsReplaceTheDefaults) {
  const TemporaryFolder folder;
  RasterLayout layout = layout_of(64, "COG");
  layout.creation_options = {"COMPRESS=LZW"};
  write_raster(folder / "a.tif", layout, noise(64 * 64).data());
  EXPECT_EQ(RasterReader(folder / "a.tif").metadata("COMPRESSION", "IMAGE_STRUCTURE"), "LZW");
}

}  // namespace
}  // namespace skysense
