#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skysense {

/// A calendar day (proleptic Gregorian).
struct Date {
  int year = 1970, month = 1, day = 1;
  /// 1 to 366.
  int day_of_year() const;
  /// Days since 1970-01-01; negative before it.
  int64_t days_since_epoch() const;
  /// "2024-05-01".
  std::string text() const;
  auto operator<=>(const Date&) const = default;
};

/// Reads "2024-05-01", "20240501" or an ISO time that begins so ("2024-05-01T10:50:31Z"); nothing where it is no date.
std::optional<Date> parse_date(std::string_view text);

/// The first date that a product or file name carries: Sentinel product ids (…_20170613T101031_…), 2017-06-13,
/// 20170613. Nothing where there is none.
std::optional<Date> find_date(std::string_view name);

/// The inverse of Date::days_since_epoch.
Date date_from_days(int64_t days_since_epoch);

}  // namespace skysense
