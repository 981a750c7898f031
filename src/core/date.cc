#include "core/date.h"

#include <fmt/format.h>

#include <cctype>
#include <chrono>

namespace skysense {
namespace {

bool digits(std::string_view text) {
  for (const char c : text) {
    if (!std::isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty();
}

int number(std::string_view text) {
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

std::optional<Date> checked(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || year < 1900 || year > 2200) return std::nullopt;
  return Date{year, month, day};
}

std::chrono::sys_days to_sys_days(const Date& date) {
  return std::chrono::year_month_day{std::chrono::year{date.year}, std::chrono::month(date.month),
                                     std::chrono::day(date.day)};
}

}  // namespace

int Date::day_of_year() const { return static_cast<int>(days_since_epoch() - Date{year, 1, 1}.days_since_epoch()) + 1; }

int64_t Date::days_since_epoch() const { return to_sys_days(*this).time_since_epoch().count(); }

std::string Date::text() const { return fmt::format("{:04}-{:02}-{:02}", year, month, day); }

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() >= 10 && text[4] == '-' && text[7] == '-' && digits(text.substr(0, 4)) && digits(text.substr(5, 2)) &&
      digits(text.substr(8, 2)) && (text.size() == 10 || text[10] == 'T' || text[10] == ' ')) {
    return checked(number(text.substr(0, 4)), number(text.substr(5, 2)), number(text.substr(8, 2)));
  }
  if (text.size() >= 8 && digits(text.substr(0, 8)) && (text.size() == 8 || text[8] == 'T')) {
    return checked(number(text.substr(0, 4)), number(text.substr(4, 2)), number(text.substr(6, 2)));
  }
  return std::nullopt;
}

std::optional<Date> find_date(std::string_view name) {
  const auto is_digit = [&](size_t i) { return i < name.size() && std::isdigit(static_cast<unsigned char>(name[i])); };
  for (size_t start = 0; start + 8 <= name.size(); ++start) {
    if (start > 0 && is_digit(start - 1)) continue;  // the middle of a longer number
    if (!is_digit(start)) continue;
    if (!is_digit(start + 8)) {
      if (const auto date = parse_date(name.substr(start, 8))) return date;
    }
    if (start + 10 <= name.size() && !is_digit(start + 10)) {
      if (const auto date = parse_date(name.substr(start, 10))) return date;
    }
  }
  return std::nullopt;
}

Date date_from_days(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

}  // namespace skysense
