#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace holdfast::app {

struct AuditBoundSettings {
    std::int64_t window_ms = 60'000;
    std::uint32_t of_address_max = 20; // in a window
    std::uint32_t of_all_max = 300;    // bounds the table of addresses, too
};

// How much is recorded of what was refused or failed: whoever guesses passwords must not fill the
// disk, nor crowd out what others do. Not thread-safe; times are monotonic.
class AuditBound {
public:
    explicit AuditBound(AuditBoundSettings settings = {}) : settings_(settings) {}

    // Whether one more from `address` is recorded. After end_window().
    [[nodiscard]] bool take(const std::string& address) {
        if (taken_ < settings_.of_all_max) {
            std::uint32_t& of_address = by_address_[address];
            if (of_address < settings_.of_address_max) {
                ++of_address;
                ++taken_;
                return true;
            }
        }
        ++left_out_;
        return false;
    }
    // Begins the next window where this one is over: how many it left out, else 0.
    [[nodiscard]] std::uint64_t end_window(std::int64_t now_ms) {
        if (now_ms < ends_ms_) return 0;
        ends_ms_ = now_ms + settings_.window_ms;
        by_address_.clear();
        taken_ = 0;
        return std::exchange(left_out_, 0);
    }

private:
    const AuditBoundSettings settings_;
    std::int64_t ends_ms_ = 0;
    std::uint32_t taken_ = 0;
    std::uint64_t left_out_ = 0;
    std::unordered_map<std::string, std::uint32_t> by_address_;
};

} // namespace holdfast::app
