#pragma once

#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/log/consumer_pool.hpp>

#include <cstddef>
#include <memory>

namespace holdfast::app {

// The threads that rules, models and history run on.
class ConsumersPart final : public Part {
public:
    explicit ConsumersPart(const LogPart& log) : log_(log) {}

    Result<void> start() override {
        constexpr std::size_t kThreads = 2;
        consumers_ = std::make_unique<log::ConsumerPool>(log_.log(), kThreads);
        return ok();
    }
    void stop() override { consumers_.reset(); }
    [[nodiscard]] log::ConsumerPool& consumers() const noexcept { return *consumers_; }

private:
    const LogPart& log_;
    std::unique_ptr<log::ConsumerPool> consumers_;
};

} // namespace holdfast::app
