#pragma once

#include "app/ground.hpp"
#include "app/parts/part.hpp"

#include <holdfast/log/log.hpp>

#include <memory>

namespace holdfast::app {

// The log, with the streams that the configuration names.
class LogPart final : public Part {
public:
    explicit LogPart(Ground& ground) : ground_(ground) {}

    Result<void> start() override;
    void stop() override;
    [[nodiscard]] log::Log& log() const noexcept { return *log_; }

private:
    [[nodiscard]] Result<void> make_streams();

    Ground& ground_;
    std::unique_ptr<log::Log> log_;
};

} // namespace holdfast::app
