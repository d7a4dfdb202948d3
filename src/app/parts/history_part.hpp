#pragma once

#include "app/ground.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/history_keeping.hpp"
#include "app/parts/history_revival.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/history/device_erasures.hpp>
#include <holdfast/history/follower.hpp>
#include <holdfast/history/repair.hpp>
#include <holdfast/history/store.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace holdfast::app {

// The history store and what tells it the log's streams; nothing where it is not enabled.
class HistoryPart final : public Part {
public:
    HistoryPart(Ground& ground, LogPart& log, const ConsumersPart& consumers)
        : ground_(ground), log_(log), consumers_(consumers) {}

    Result<void> start() override;
    void stop() override;
    [[nodiscard]] const history::Store* store() const noexcept { return store_.get(); } // or null
    [[nodiscard]] history::DeviceErasures* erasures() const noexcept {                  // or null
        return erasures_.get();
    }
    [[nodiscard]] BackupHistory* for_backup() const noexcept { return keeping_.get(); } // or null

private:
    // Rows of earlier times are over: by history's retention, or a stream's own.
    [[nodiscard]] std::int64_t before_us(std::optional<std::uint64_t> retention_ms = {}) const;
    [[nodiscard]] std::map<StreamId, std::int64_t> before_us_of_own() const;
    [[nodiscard]] Result<void> open_store(); // leaves it null where nothing can be done
    [[nodiscard]] Result<void> start_erasures();
    void keep_house();
    void show_metrics();

    Ground& ground_;
    LogPart& log_;
    const ConsumersPart& consumers_;
    std::unique_ptr<history::Store> store_; // null: not enabled
    std::unique_ptr<history::Follower> follower_;
    std::unique_ptr<HistoryKeeping> keeping_;
    std::unique_ptr<history::DeviceErasures> erasures_;
    std::unique_ptr<HistoryRevival> revival_;
    std::unique_ptr<history::Repair> repair_;
};

} // namespace holdfast::app
