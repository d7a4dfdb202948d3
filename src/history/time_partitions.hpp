#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/kv/database.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace holdfast::history {

// The column families that chunks lie in: one for each time partition, dropped whole when it is
// over. Streams with a retention of their own have partitions of their own, from the time on at
// which they began to. Not thread-safe; the database outlives it.
class TimePartitions {
public:
    using Families = std::map<std::int64_t, kv::Family>; // by their first microsecond

    explicit TimePartitions(std::int64_t width_us) : width_us_(width_us) {}

    // What is there. Errors: corrupt, io.
    [[nodiscard]] Result<void> load(kv::Database& database);

    // Where rows of the stream go that lie in the partition; made where it is absent. Errors: io.
    [[nodiscard]] Result<kv::Family> family_for(StreamId stream, std::int64_t partition_us);
    // Of the family in which rows of the stream lie that are in the partition, were it there.
    [[nodiscard]] std::string name_of(StreamId stream, std::int64_t partition_us) const;
    // The first microsecond of a family, by its name.
    [[nodiscard]] static std::int64_t start_of(std::string_view family);
    [[nodiscard]] std::set<std::int64_t> starts() const; // of all
    // The family is empty afterwards, whether it was there or not. Errors: io.
    [[nodiscard]] Result<void> renew(const std::string& family);
    // All in which rows of the stream may lie.
    [[nodiscard]] Families of(StreamId stream) const;
    // Rows of the stream with earlier times are over, whether their partition was dropped or not.
    [[nodiscard]] std::int64_t kept_from_us(StreamId stream) const;

    // From now on the stream's rows lie apart: those of all times where it is new, else those
    // behind the partitions there are.
    [[nodiscard]] Result<void> keep_apart(StreamId stream, bool is_new);
    // Drops what ends at or before `us`: of all streams that do not lie apart, and those that do
    // but are not in `own`, and of each stream in `own` before its own time. Also on a full disk.
    // How many partitions went.
    [[nodiscard]] Result<std::size_t> drop_before(std::int64_t us,
                                                  const std::map<StreamId, std::int64_t>& own);
    // Drops the partition that begins first, of whatever streams, unless there is no later one:
    // where it ended.
    [[nodiscard]] Result<std::optional<std::int64_t>> drop_oldest();

private:
    struct Apart {
        std::int64_t from_us = 0; // rows of earlier times lie with those of other streams
        std::int64_t kept_from_us = INT64_MIN;
        Families families;
    };

    [[nodiscard]] Result<std::size_t> drop(Families& families, std::optional<StreamId> stream,
                                           std::int64_t us);
    void keep_from(std::int64_t us);
    void keep_from(StreamId stream, Apart& apart, std::int64_t us);
    static void put(StreamId stream, const Apart& apart, const kv::Family& meta,
                    kv::WriteBatch& batch);

    const std::int64_t width_us_;
    kv::Database* database_ = nullptr;
    kv::Family meta_;
    Families shared_;
    std::int64_t kept_from_us_ = INT64_MIN; // of streams that do not lie apart
    std::map<StreamId, Apart> apart_;
};

} // namespace holdfast::history
