#include <holdfast/sql/time_zone.hpp>

// As Debian builds the library: zones are those of the system (package tzdata).
#define USE_OS_TZDB 1
#define ONLY_C_LOCALE 1
#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <string>

namespace holdfast::sql {
namespace {

using Micros = std::chrono::microseconds;

// Far times would overflow inside the library, and no zone's rules reach there.
constexpr std::int64_t kFarUs = 9'000'000'000'000'000; // about the year 2255

const date::time_zone* find(std::string_view name) noexcept {
    // names reach the file system: only what zone names consist of
    const bool is_plain = !name.empty() && name.size() <= 64 && name.front() != '/' &&
                          name.find("..") == std::string_view::npos &&
                          std::all_of(name.begin(), name.end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                     (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' ||
                                     c == '+';
                          });
    if (!is_plain) return nullptr;
    // the library throws for an unknown zone and for a missing database alike
    try {
        return date::locate_zone(std::string(name));
    } catch (const std::exception&) {
        return nullptr;
    }
}

const date::time_zone* cached(std::string_view name) {
    // a query asks for the same zone row by row
    static thread_local std::string last;
    static thread_local const date::time_zone* zone = nullptr;
    if (last != name) {
        zone = find(name);
        last = name;
    }
    return zone;
}

} // namespace

bool is_time_zone(std::string_view name) noexcept {
    return find(name) != nullptr;
}

std::int64_t to_local(std::int64_t utc_us, std::string_view zone) {
    const date::time_zone* found = cached(zone);
    if (found == nullptr || utc_us > kFarUs || utc_us < -kFarUs) return utc_us;
    const auto info = found->get_info(date::sys_time<Micros>(Micros(utc_us)));
    return utc_us + std::chrono::duration_cast<Micros>(info.offset).count();
}

std::int64_t to_utc(std::int64_t local_us, std::string_view zone) {
    const date::time_zone* found = cached(zone);
    if (found == nullptr || local_us > kFarUs || local_us < -kFarUs) return local_us;
    const auto utc =
        found->to_sys(date::local_time<Micros>(Micros(local_us)), date::choose::earliest);
    return utc.time_since_epoch().count();
}

TimeBucket time_bucket(std::int64_t us, std::int64_t size_us, std::string_view zone) {
    // times at the far ends have no room for a window around them
    constexpr std::int64_t kEndUs = 9'000'000'000'000'000'000;
    if (us > kEndUs || us < -kEndUs) return {us, us};
    const std::int64_t local = zone.empty() ? us : to_local(us, zone);
    const std::int64_t into = local % size_us;
    const std::int64_t start = local - (into < 0 ? into + size_us : into);
    if (zone.empty()) return {start, start + size_us};
    return {to_utc(start, zone), to_utc(start + size_us, zone)};
}

} // namespace holdfast::sql
