#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace holdfast::log {

// Looks at the disk, once a second at most, and says when it is too full. Thread-safe.
class DiskWatch {
public:
    DiskWatch(const LogOptions& options, std::shared_ptr<kv::Storage> storage, const Clock& clock);

    // no_space with the figures while the reserve is touched or the bound is passed.
    [[nodiscard]] std::optional<Error> full();
    // What should go for the directory to keep below its bound: it is over nine tenths of it.
    [[nodiscard]] std::uint64_t excess_bytes();
    void look_again(); // something went
    [[nodiscard]] std::uint64_t used_bytes();
    [[nodiscard]] std::uint64_t free_bytes();

private:
    void look();

    const std::filesystem::path directory_;
    const std::uint64_t reserve_bytes_;
    const std::uint64_t bytes_max_;
    const std::shared_ptr<kv::Storage> storage_;
    const Clock& clock_;

    std::mutex mutex_;
    // All guarded by mutex_.
    std::optional<std::int64_t> looked_ms_;
    std::uint64_t used_bytes_ = 0;
    std::uint64_t free_bytes_ = 0;
};

} // namespace holdfast::log
