#include <holdfast/models/replay.hpp>

#include <holdfast/column/json_path.hpp>
#include <holdfast/column/timestamp.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

namespace holdfast::models {
namespace {

using column::Path;
using column::Value;

constexpr std::int64_t kUsPerMs = 1000;

// As the log's readers take a member for the event time.
std::optional<std::int64_t> time_us(const Value& value) {
    switch (value.type()) {
        case column::Type::int64: return column::timestamp_from_epoch(value.as_int());
        case column::Type::float64: return column::timestamp_from_epoch(value.as_float());
        case column::Type::text: return column::parse_timestamp(value.as_text());
        case column::Type::null:
        case column::Type::boolean:
        case column::Type::timestamp: break;
    }
    return std::nullopt;
}

} // namespace

Replay::Replay(const ModelSpec& spec, const history::Store& history, StreamId stream,
               std::size_t bytes_max)
    : spec_(spec),
      history_(history),
      stream_(stream),
      bytes_max_(bytes_max),
      values_(spec.fields.size()) {
    for (const std::string& field : spec.fields) fields_.push_back(place_of(field));
    if (!spec.time.empty()) time_ = place_of(spec.time);
}

Replay::Place Replay::place_of(const std::string& path) {
    Path whole = Path::parse(path).value(); // a checked model's
    const auto array = std::ranges::find_if(whole.steps, [](const Path::Step& step) {
        return std::holds_alternative<std::int64_t>(step);
    });
    Place place;
    place.inside.steps.assign(array, whole.steps.end());
    whole.steps.erase(array, whole.steps.end());
    std::string name = whole.to_string();
    const auto found = std::ranges::find(columns_, name);
    place.column = static_cast<std::size_t>(found - columns_.begin());
    if (found == columns_.end()) columns_.push_back(std::move(name));
    return place;
}

Value Replay::at(const Place& place, std::size_t row) {
    const Value whole = batch_.columns[place.column].at(row);
    if (place.inside.steps.empty()) return whole;
    if (whole.type() != column::Type::text) return {};
    return column::json_at(whole.as_text(), place.inside, arena_);
}

std::int64_t Replay::event_ms(std::size_t row) {
    std::int64_t us = batch_.ts_us[row];
    if (!spec_.time.empty()) us = time_us(at(time_, row)).value_or(us);
    return us / kUsPerMs;
}

// False where there is no number.
bool Replay::read_values(std::size_t row) {
    bool has_number = false;
    for (std::size_t i = 0; i < values_.size(); ++i) {
        const Value cell = at(fields_[i], row);
        values_[i] = cell.is_number() ? cell.as_float() : std::numeric_limits<double>::quiet_NaN();
        has_number = has_number || cell.is_number();
    }
    return has_number;
}

std::unique_ptr<history::Reading> Replay::read(const std::string& device, std::int64_t from_us,
                                               std::int64_t to_us) const {
    history::ScanRequest request;
    request.stream = stream_;
    request.device = device;
    request.fields = columns_;
    request.from_us = from_us;
    request.to_us = to_us;
    request.bytes_max = bytes_max_;
    return history_.read(request);
}

Result<void> Replay::give(history::Reading& reading, const Check& check, const Take& take) {
    for (;;) {
        HF_TRY(check());
        HF_TRY(const bool any, reading.next(batch_));
        if (!any) return ok();
        arena_.clear();
        for (std::size_t row = 0; row < batch_.rows(); ++row)
            if (read_values(row)) {
                HF_TRY(take({event_ms(row), values_}));
            }
    }
}

Result<void> Replay::run(const std::string& device, std::int64_t from_us, std::int64_t to_us,
                         const Check& check, const Take& take) {
    return give(*read(device, from_us, to_us), check, take);
}

Result<std::optional<history::Offsets>> Replay::run_beside_log(const std::string& device,
                                                               std::int64_t from_us,
                                                               std::int64_t to_us,
                                                               const Check& check,
                                                               const Take& take) {
    const auto reading = read(device, from_us, to_us);
    if (reading->is_ahead()) return std::optional<history::Offsets>();
    HF_TRY(give(*reading, check, take));
    return std::optional(reading->told_below());
}

} // namespace holdfast::models
