#include "viz/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>

#include "core/error.h"
#include "core/files.h"
#include "core/markup.h"
#include "testing/temporary_folder.h"
#include "viz/png.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

ReportContent small_report() {
  ReportContent content{.title = "Run <7> & more", .summary = "One sentence."};
  content.tables.push_back({"Accuracy", {"features", "OA"}, {{"trained", "0.91"}, {"pixels", "0.42"}}});
  content.curves.push_back({"Loss", "step", "loss", {{"loss", {{0, 7.0}, {10, 6.5}, {20, 6.25}}}}});
  content.pictures.push_back({"Features", "first three components", Picture(8, 8, 3, {10, 200, 30})});
  return content;
}

TEST(Report, CarriesEverythingInsideItself) {
  const std::string html = report_html(small_report());
  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<link")));
  EXPECT_FALSE(std::regex_search(html, std::regex("src=\"(?!data:image/png;base64,)")));
  EXPECT_THAT(html, HasSubstr("<td>trained</td><td>0.91</td>"));
  EXPECT_THAT(html, HasSubstr("data:image/png;base64,iVBORw0KGgo"));
  EXPECT_THAT(html, HasSubstr("<svg"));
}

TEST(Report, EscapesText) {
  const std::string html = report_html(small_report());
  EXPECT_THAT(html, HasSubstr("Run &lt;7&gt; &amp; more"));
  EXPECT_THAT(html, Not(HasSubstr("<7>")));
}

TEST(Report, RefusesARowThatDoesNotFitItsHeader) {
  ReportContent content = small_report();
  content.tables[0].rows.push_back({"one cell"});
  EXPECT_THROW(report_html(content), std::logic_error);
}

TEST(Base64, EqualsTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Plot, TicksAreRoundNumbersWithinTheRange) {
  EXPECT_THAT(axis_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(axis_ticks(-0.3, 0.9, 4), ElementsAre(0, 0.5));
  EXPECT_THAT(axis_ticks(3, 3, 4), ElementsAre(3));
}

TEST(Plot, LeavesAGapWhereAValueIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Plot whole{"", "", "", {{"a", {{0, 1}, {1, 2}, {2, 3}, {3, 2}}}}};
  const Plot broken{"", "", "", {{"a", {{0, 1}, {1, 2}, {1.5, nan}, {2, 3}, {3, 2}}}}};
  const auto pen_moves = [](const std::string& svg) {
    const size_t from = svg.find("class=\"line\"");
    const std::string path = svg.substr(from, svg.find("/>", from) - from);
    return std::count(path.begin(), path.end(), 'M');
  };
  EXPECT_EQ(pen_moves(svg_of(whole)), 1);
  EXPECT_EQ(pen_moves(svg_of(broken)), 2);
  EXPECT_THAT(svg_of(broken), Not(HasSubstr("nan")));
}

TEST(Plot, DrawsConstantSingleAndEmptySeries) {
  for (const Plot& plot :
       {Plot{"c", "", "", {{"a", {{0, 0}, {1, 0}}}}}, Plot{"s", "", "", {{"a", {{5, 2}}}}}, Plot{"e", "", "", {}}}) {
    EXPECT_THAT(svg_of(plot), Not(HasSubstr("nan"))) << plot.title;
    EXPECT_THAT(svg_of(plot), Not(HasSubstr("inf"))) << plot.title;
  }
}

TEST(LogCurves, GroupsTheColumnsAndForgivesACutLastLine) {
  testing::TemporaryFolder folder;
  const auto log = folder / "log.jsonl";
  write_file_atomically(log,
                        "{\"step\":1,\"loss\":7.5,\"loss_hr\":3,\"loss_ms\":4.5,\"lr\":0.001,\"note\":\"x\"}\n"
                        "{\"step\":2,\"loss\":null,\"loss_hr\":2.5,\"loss_ms\":4,\"lr\":0.002}\n"
                        "{\"step\":3,\"lo");
  const auto plots = curves_of_log(log);
  ASSERT_THAT(plots, SizeIs(3));
  EXPECT_THAT(plots[0].series, SizeIs(1));
  EXPECT_THAT(plots[0].series[0].points, ElementsAre(std::pair(1.0, 7.5)));
  EXPECT_THAT(plots[1].series, SizeIs(2));
  EXPECT_EQ(plots[2].title, "Learning rate");
}

TEST(LogCurves, KnowsTheTrainersColumns) {
  testing::TemporaryFolder folder;
  const auto log = folder / "log.jsonl";
  write_file_atomically(
      log, "{\"step\":1,\"loss\":9,\"hr.image\":5,\"fused.pixel\":4,\"moe\":1,\"entropy.hr\":3,\"lr\":0.1}\n");
  const auto plots = curves_of_log(log);
  ASSERT_THAT(plots, SizeIs(4));
  EXPECT_EQ(plots[1].title, "Loss by part");
  EXPECT_THAT(plots[1].series, SizeIs(3));
  EXPECT_EQ(plots[2].series[0].name, "entropy.hr");
}

TEST(LogCurves, HaveTheTeachersAccuracyFirstAndEveryKindOfHealth) {
  testing::TemporaryFolder folder;
  const auto log = folder / "log.jsonl";
  write_file_atomically(log,
                        "{\"step\":0,\"eval.knn\":0.1,\"eval.knn_class_mean\":0.1,\"eval.seconds\":3}\n"
                        "{\"step\":1,\"loss\":9,\"query\":5,\"ita\":4,\"entropy.query\":3,\"kl.query\":1,\"centre."
                        "query\":2,\"experts.3.0\":0.5,"
                        "\"lr\":0.1,\"gradient_norm\":2,\"samples_per_second\":3,\"waiting_share\":0.2}\n"
                        "{\"step\":2,\"eval.knn\":0.4,\"eval.knn_class_mean\":0.3,\"eval.seconds\":3}\n");
  const auto plots = curves_of_log(log);
  ASSERT_THAT(plots, SizeIs(11));
  ASSERT_THAT(plots[0].series, SizeIs(2));  // not the seconds
  EXPECT_EQ(plots[0].series[0].name, "eval.knn");
  EXPECT_THAT(plots[0].series[0].points, ElementsAre(std::pair(0.0, 0.1), std::pair(2.0, 0.4)));
  EXPECT_EQ(plots[2].title, "Loss by part");
  EXPECT_THAT(plots[2].series, SizeIs(2));
}

TEST(LogCurves, NamesTheLineThatIsNoJson) {
  testing::TemporaryFolder folder;
  const auto log = folder / "log.jsonl";
  write_file_atomically(log, "{\"step\":1}\nnonsense\n{\"step\":2}\n");
  EXPECT_THAT([&] { curves_of_log(log); }, ThrowsMessage<DataError>(HasSubstr("log.jsonl:2")));
}

}  // namespace
}  // namespace skysense
