#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/models/model_spec.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::models {

// Gives a model the samples that history has of a device, as it would have read them from the log:
// the same fields, event times and missing values, a message without a number in any field left
// out. Rows come by time where the log has them as they arrived; history keeps no topics, so the
// model's topic filter narrows nothing here.
//
// It holds one batch of rows, and chunks of history that overlap in time. BLOCKS on the disk: for
// a worker thread, one at a time. `spec` and `history` outlive it.
class Replay {
public:
    struct Sample {
        std::int64_t event_ms = 0;
        std::span<const double> values; // one for each field of the model, NaN: none
    };
    // Its error ends the work.
    using Take = std::function<Result<void>(const Sample&)>;
    using Check = std::function<Result<void>()>; // asked every 2,048 rows at least

    Replay(const ModelSpec& spec, const history::Store& history, StreamId stream,
           std::size_t bytes_max);

    // Rows of times in [from_us, to_us). Errors: of `check` and `take`; io, corrupt, and
    // limit_exceeded where it needs more than bytes_max, which name the device.
    [[nodiscard]] Result<void> run(const std::string& device, std::int64_t from_us,
                                   std::int64_t to_us, const Check& check, const Take& take);
    // The same for one who reads the log, too: gives up to which offset it had been told: rows of
    // offsets below were among them, others not. Nothing, and no row was given, where that cannot
    // be told yet: the history is ahead, as its Reading says.
    [[nodiscard]] Result<std::optional<history::Offsets>> run_beside_log(const std::string& device,
                                                                         std::int64_t from_us,
                                                                         std::int64_t to_us,
                                                                         const Check& check,
                                                                         const Take& take);

private:
    // Where a field of the model is in rows of history, which keeps an array as its text.
    struct Place {
        std::size_t column = 0;
        column::Path inside{}; // from the array on
    };
    [[nodiscard]] std::unique_ptr<history::Reading> read(const std::string& device,
                                                         std::int64_t from_us,
                                                         std::int64_t to_us) const;
    [[nodiscard]] Result<void> give(history::Reading& reading, const Check& check,
                                    const Take& take);
    [[nodiscard]] Place place_of(const std::string& path);
    [[nodiscard]] column::Value at(const Place& place, std::size_t row);
    [[nodiscard]] std::int64_t event_ms(std::size_t row);
    [[nodiscard]] bool read_values(std::size_t row);

    const ModelSpec& spec_;
    const history::Store& history_;
    const StreamId stream_;
    const std::size_t bytes_max_;
    std::vector<std::string> columns_; // of history, each once
    std::vector<Place> fields_;
    Place time_; // where the model names one
    history::ScanBatch batch_;
    column::TextArena arena_;
    std::vector<double> values_;
};

} // namespace holdfast::models
