#include "sql/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace holdfast::sql {
namespace {

using column::FieldKind;

struct Named {
    std::string_view name;
    FieldKind kind;
};
constexpr std::array kRecordColumns{Named{"value", FieldKind::value},
                                    Named{"payload", FieldKind::payload},
                                    Named{"topic", FieldKind::topic},
                                    Named{"device", FieldKind::device},
                                    Named{"client_id", FieldKind::client_id},
                                    Named{"qos", FieldKind::qos},
                                    Named{"ts", FieldKind::ts},
                                    Named{"arrival_ts", FieldKind::arrival_ts},
                                    Named{"stream", FieldKind::stream},
                                    Named{"partition", FieldKind::partition},
                                    Named{"offset", FieldKind::offset}};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Levenshtein's distance, whatever the case.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
        }
    }
    return row.back();
}

} // namespace

std::optional<FieldKind> record_column(std::string_view name) noexcept {
    for (const Named& each : kRecordColumns)
        if (each.name == name) return each.kind;
    return std::nullopt;
}

std::vector<std::string> record_columns() {
    std::vector<std::string> names;
    for (const Named& each : kRecordColumns) names.emplace_back(each.name);
    return names;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr std::size_t kLongest = 100; // a hostile name must not cost its square
    if (name.size() > kLongest) return {};
    const std::string* best = nullptr;
    std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const std::string& each : candidates) {
        if (each.size() > kLongest || each == name) continue;
        const std::size_t d = distance(name, each);
        if (d >= least) continue;
        least = d;
        best = &each;
    }
    return best == nullptr ? std::string() : fmt::format("; did you mean '{}'?", *best);
}

} // namespace holdfast::sql
