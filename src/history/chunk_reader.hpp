#pragma once

#include "history/chunk_group.hpp"
#include "history/device_view.hpp"

#include <functional>
#include <string_view>

namespace holdfast::history {

struct StoredChunk {
    ChunkKey key;
    ChunkHeader header;
    Rows rows;                    // once it is loaded
    std::size_t loaded_bytes = 0; // as the reader counts

    [[nodiscard]] std::int64_t first_us() const noexcept { return header.ts_us.front(); }
    [[nodiscard]] std::int64_t last_us() const noexcept { return header.ts_us.back(); }
};

// Reads the chunks of a device, and counts what of them is held in memory. Errors name the device
// and the damaged range. Database and view outlive it; one thread.
class ChunkReader {
public:
    ChunkReader(const kv::Database& database, const DeviceView& view, std::size_t bytes_max)
        : database_(database), view_(view), bytes_max_(bytes_max) {}

    // Headers of chunks that may hold rows of the view's range, in the order of their first times,
    // until `each` fails. Errors: corrupt, io, and those of `each`.
    using Each = std::function<Result<void>(StoredChunk)>;
    [[nodiscard]] Result<void> find(const GroupView& group, const kv::Family& family,
                                    const Each& each) const;
    // The fields asked for, or all of the group. Errors: corrupt, io; limit_exceeded where more is
    // held than is allowed.
    [[nodiscard]] Result<void> load(const GroupView& group, const kv::Family& family, bool all,
                                    StoredChunk& chunk);
    // What was loaded of the chunk is not held any more.
    void let_go(StoredChunk& chunk) noexcept;
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] Error named(const Error& why, std::int64_t us) const;
    [[nodiscard]] Error named(const Error& why, const kv::Family& family) const;

    const kv::Database& database_;
    const DeviceView& view_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
};

} // namespace holdfast::history
