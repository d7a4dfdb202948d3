#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::broker {

// A stored batch, its records decoded. May be moved, not copied: they point into it.
struct DecodedBatch {
    DecodedBatch() = default;
    DecodedBatch(DecodedBatch&&) noexcept = default;
    DecodedBatch& operator=(DecodedBatch&&) noexcept = default;

    PartitionId partition{};
    Offset base_offset = 0;
    Offset last_offset = -1;
    Bytes bytes;
    std::optional<record::BatchView> view; // borrows bytes, or owns what it decompressed
    std::vector<record::RecordView> records;

    [[nodiscard]] bool covers(PartitionId of, Offset offset) const noexcept {
        return partition == of && base_offset <= offset && offset <= last_offset;
    }
    // Memory, about.
    [[nodiscard]] std::size_t size_bytes() const noexcept;
};

// The batch that holds the record. Any thread. Errors: not_found (expired, deleted), corrupt, io.
[[nodiscard]] Result<DecodedBatch> read_batch(const log::Log& log, PartitionId partition,
                                              Offset offset);

// The batches that were read last. Sessions ask for neighbours, and several sessions for the same
// ones; the neighbours of a queue stand in as many batches as the queue has partitions, so a batch
// for each of them has to stay. One thread.
class RecordCache {
public:
    static constexpr std::size_t kBatchesMax = 64;
    static constexpr std::size_t kBytesMax = 2U << 20U; // one batch stays whatever its size

    // Whether a batch that covers the record is here.
    [[nodiscard]] bool covers(PartitionId partition, Offset offset) noexcept;
    // Valid until the next add(). Null where no batch covers it, or the one that does has it no
    // more: compacted away.
    [[nodiscard]] const record::RecordView* find(PartitionId partition, Offset offset) noexcept;
    // Those that were not used for longest go.
    void add(DecodedBatch batch);

private:
    struct Kept {
        DecodedBatch batch;
        std::size_t bytes = 0;
        std::uint64_t used = 0; // when, by uses_
    };
    [[nodiscard]] Kept* kept(PartitionId partition, Offset offset) noexcept;

    std::vector<Kept> kept_;
    std::size_t bytes_ = 0;
    std::size_t last_ = 0; // index of the one that was used last: nearly always the next, too
    std::uint64_t uses_ = 0;
};

} // namespace holdfast::broker
