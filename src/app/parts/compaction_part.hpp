#pragma once

#include "app/compaction_thread.hpp"
#include "app/ground.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <memory>

namespace holdfast::app {

class CompactionPart final : public Part {
public:
    CompactionPart(Ground& ground, const LogPart& log) : ground_(ground), log_(log) {}

    Result<void> start() override {
        thread_ = std::make_unique<CompactionThread>(log_.log(), ground_.expiry_clock);
        return ok();
    }
    void stop() override { thread_.reset(); }

private:
    Ground& ground_;
    const LogPart& log_;
    std::unique_ptr<CompactionThread> thread_;
};

} // namespace holdfast::app
