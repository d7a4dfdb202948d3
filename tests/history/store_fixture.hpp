#pragma once

#include "support/temp_dir.hpp"

#include <holdfast/history/store.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::test {

inline constexpr std::int64_t kDayUs = 86'400'000'000;
inline constexpr std::int64_t kStartUs = 20'000 * kDayUs; // 2024-10-04

// A history in a directory of its own, told rows one by one.
struct StoreFixture {
    StoreFixture() {
        options.directory = directory.path() / "history";
        options.chunk_rows = 16;
        start();
    }

    TempDir directory;
    Metrics metrics;
    MemoryAccount memory{1U << 30U};
    history::StoreOptions options;
    std::unique_ptr<history::Store> store;
    PartitionId from{StreamId{1}, 0};
    Offset next = 0;

    void start() {
        auto opened = history::Store::open(options, memory, metrics);
        if (!opened) throw std::runtime_error(opened.error().context);
        store = std::move(opened).value();
    }
    // As a crash does: what is in heads is gone.
    void reopen() {
        store.reset();
        start();
    }

    void tell_at(Offset offset, const std::string& device, std::int64_t ts_us,
                 const std::vector<history::FieldValue>& values) {
        const history::NewRow row{device, ts_us, ts_us, offset, values};
        auto added = store->add(from, {&row, 1}, offset + 1);
        if (!added) throw std::runtime_error(added.error().context);
    }
    void tell(const std::string& device, std::int64_t ts_us,
              const std::vector<history::FieldValue>& values) {
        tell_at(next++, device, ts_us, values);
    }

    // `seconds:value,value` a row, with the type of each value by its look.
    [[nodiscard]] std::vector<std::string> read(const std::string& device,
                                                const std::vector<std::string>& fields,
                                                std::int64_t from_us = INT64_MIN,
                                                std::int64_t to_us = INT64_MAX) const {
        std::vector<std::string> out;
        const auto each = [&out](const history::ScanBatch& batch) {
            for (std::size_t row = 0; row < batch.rows(); ++row) out.push_back(line(batch, row));
            return true;
        };
        auto scanned = store->scan(from.stream, device, fields, from_us, to_us, each);
        if (!scanned) out.push_back("error: " + scanned.error().context);
        return out;
    }

    static std::string line(const history::ScanBatch& batch, std::size_t row) {
        const std::int64_t us = batch.ts_us[row] - kStartUs;
        std::string line =
            us % 1'000'000 == 0 ? fmt::format("{}", us / 1'000'000) : fmt::format("{}us", us);
        for (std::size_t i = 0; i < batch.columns.size(); ++i)
            line += (i == 0 ? ":" : ",") + show(batch.columns[i].at(row));
        return line;
    }

    static std::string show(const column::Value& value) {
        switch (value.type()) {
            case column::Type::null: return "-";
            case column::Type::text: return fmt::format("'{}'", value.as_text());
            case column::Type::float64: return fmt::format("{}f", value.as_float());
            case column::Type::boolean: return value.is_true() ? "true" : "false";
            case column::Type::int64:
            case column::Type::timestamp: break;
        }
        return fmt::format("{}", value.as_int());
    }
};

inline history::FieldValue with(std::string_view field, int value) {
    return {field, column::Value::of_int(value)};
}
inline history::FieldValue with(std::string_view field, double value) {
    return {field, column::Value::of_float(value)};
}
inline history::FieldValue with(std::string_view field, std::string_view text) {
    return {field, column::Value::of_text(text)};
}
inline std::int64_t second(std::int64_t number) {
    return kStartUs + number * 1'000'000;
}

} // namespace holdfast::test
