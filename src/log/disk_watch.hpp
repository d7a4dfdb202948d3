#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/kv/reserve_file.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace holdfast::log {

// Looks at the disk, once a second at most, and says when it is too full. Gives up the reserve file
// when next to nothing is left, and takes it again later. Thread-safe.
class DiskWatch {
public:
    DiskWatch(const LogOptions& options, std::shared_ptr<kv::Storage> storage, const Clock& clock);

    // no_space with the figures while the reserve is touched or the bound is passed.
    [[nodiscard]] std::optional<Error> full();
    // Whether writing so many bytes beside what is there would touch the reserve.
    [[nodiscard]] bool has_room_for(std::uint64_t bytes);
    // So much was written: a second may be too long to look away.
    void wrote(std::uint64_t bytes);
    // What should go of the directory for it and the one beside it to keep below the bound: they
    // are over nine tenths of it. Of the one beside it half the bound counts, at most.
    [[nodiscard]] std::uint64_t excess_bytes();
    // Now: something went, or is about to, for which the reserve file may have to go first.
    void look_again();
    [[nodiscard]] std::uint64_t used_bytes();
    [[nodiscard]] std::uint64_t free_bytes();

private:
    void look();
    void look_at_free_space();
    void keep_reserve_file();

    const std::filesystem::path directory_;
    const std::filesystem::path beside_; // empty: none
    const std::uint64_t reserve_bytes_;
    const std::uint64_t bytes_max_;
    const std::shared_ptr<kv::Storage> storage_;
    const Clock& clock_;

    std::mutex mutex_;
    // All guarded by mutex_.
    std::optional<kv::ReserveFile> reserve_file_; // none where nothing is to be written
    std::optional<std::int64_t> looked_ms_;
    std::uint64_t written_bytes_ = 0; // since the look at the free space
    std::uint64_t used_bytes_ = 0;    // of the directory
    std::uint64_t beside_bytes_ = 0;  // of the one beside it
    std::uint64_t free_bytes_ = 0;
};

} // namespace holdfast::log
