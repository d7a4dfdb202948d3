#pragma once

#include "app/ground.hpp"
#include "app/parts/part.hpp"

#include <holdfast/log/log.hpp>

#include <memory>

namespace holdfast::app {

// Somebody who takes what is in the log before retention lets it go. Called on the main thread.
class LogKeeper {
public:
    virtual ~LogKeeper() = default;
    [[nodiscard]] virtual log::Wanted wanted() = 0; // before each run of retention
    virtual void held(const log::Held& held) = 0;   // after it
};

// The log, with the streams that the configuration names.
class LogPart final : public Part {
public:
    explicit LogPart(Ground& ground) : ground_(ground) {}

    Result<void> start() override;
    void stop() override;
    [[nodiscard]] log::Log& log() const noexcept { return *log_; }
    // Null: nobody. Main thread; the keeper lives until it is replaced.
    void keep_for(LogKeeper* keeper) noexcept { keeper_ = keeper; }

private:
    [[nodiscard]] Result<void> make_streams();
    [[nodiscard]] Result<void> retain();

    Ground& ground_;
    std::unique_ptr<log::Log> log_;
    LogKeeper* keeper_ = nullptr;
};

} // namespace holdfast::app
