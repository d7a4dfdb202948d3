#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::broker {

// Single records by their offsets. Sessions ask for neighbours, and several sessions for the same
// ones: the last few batches stay decoded. One thread.
class RecordReader {
public:
    explicit RecordReader(const log::Log& log) : log_(log) {}

    // Valid until the next call. Errors: not_found (expired, deleted), corrupt, io.
    [[nodiscard]] Result<const record::RecordView*> read(PartitionId partition, Offset offset);

private:
    struct Batch {
        PartitionId partition;
        Offset base_offset = 0;
        Offset last_offset = -1; // below base_offset: nothing is kept here
        Bytes bytes;
        std::optional<record::BatchView> view; // borrows bytes, or owns what it decompressed
        std::vector<record::RecordView> records;
        std::uint64_t used = 0; // when, by uses_
    };
    [[nodiscard]] Result<void> load(Batch& batch, PartitionId partition, Offset offset);

    const log::Log& log_;
    std::array<Batch, 4> batches_;
    std::uint64_t uses_ = 0;
};

} // namespace holdfast::broker
