#pragma once

#include "app/ground.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/history/follower.hpp>
#include <holdfast/history/store.hpp>

#include <memory>

namespace holdfast::app {

// The history store and what tells it the log's streams; nothing where it is not enabled.
class HistoryPart final : public Part {
public:
    HistoryPart(Ground& ground, const LogPart& log, const ConsumersPart& consumers)
        : ground_(ground), log_(log), consumers_(consumers) {}

    Result<void> start() override;
    void stop() override;

private:
    void keep_house();
    void show_metrics();

    Ground& ground_;
    const LogPart& log_;
    const ConsumersPart& consumers_;
    std::unique_ptr<history::Store> store_; // null: not enabled
    std::unique_ptr<history::Follower> follower_;
};

} // namespace holdfast::app
