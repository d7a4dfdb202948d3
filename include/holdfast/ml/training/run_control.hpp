#pragma once

#include <holdfast/base/result.hpp>

#include <functional>
#include <stop_token>

namespace holdfast::ml {

// How the owner of a training run follows and ends it. Training runs on the caller's thread; the
// stop may be asked for from any other.
struct RunControl {
    std::stop_token stop;                 // none: cannot be cancelled
    std::function<void(double)> progress; // the part that is done, [0, 1]; empty: nobody asks

    // Reports, then says closed where a stop was asked for. Called every few milliseconds to
    // seconds, between trees or rounds.
    [[nodiscard]] Result<void> step(double part) const {
        if (progress) progress(part);
        if (stop.stop_requested()) return fail(Errc::closed, "the training was cancelled");
        return ok();
    }
};

} // namespace holdfast::ml
