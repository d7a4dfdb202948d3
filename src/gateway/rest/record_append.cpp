#include <gateway/rest/record_append.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

namespace holdfast::gateway {
namespace {

Bytes encoded_headers(const NewRecord& record) {
    Bytes headers;
    for (const auto& [name, value] : record.headers)
        record::encode_header(headers, name, as_bytes(value));
    return headers;
}

std::optional<ByteView> view_of(const std::optional<std::string>& text) {
    return text ? std::optional(as_bytes(*text)) : std::nullopt;
}

// As the first of its batch.
std::size_t batch_bytes_max(const NewRecord& record, ByteView headers) {
    const std::array<ByteView, 1> pieces{headers};
    return record::kBatchHeaderBytes + record::BatchBuilder::record_bytes_max(
                                           view_of(record.key), view_of(record.value), pieces);
}

// On its way into the log it owns itself: completed() ends it.
class Group final : public log::AppendGroup {
public:
    explicit Group(RecordsAppend append)
        : append_(std::move(append)), keyed_among_(append_.stream->settings.partitions) {}

    Result<void> build() {
        for (std::size_t i = 0; i < append_.records.size(); ++i)
            if (auto added = add(append_.records[i]); !added)
                return fail(added.error().code,
                            fmt::format("record {}: {}", i, added.error().context));
        append_.records.clear();
        const auto compression = append_.stream->settings.compression;
        for (auto& [partition, batches] : batches_)
            for (record::BatchBuilder& batch : batches) {
                const std::int32_t count = batch.record_count();
                appends.push_back({{append_.stream->id, partition},
                                   batch.finish(compression),
                                   count,
                                   keyed_among_});
            }
        return ok();
    }

private:
    Result<PartitionIndex> partition_of(const NewRecord& record) const {
        const PartitionIndex partitions = append_.stream->settings.partitions;
        if (!record.partition) {
            if (record.key) return record::partition_for(as_bytes(*record.key), partitions);
            return append_.keyless_partition % partitions;
        }
        if (*record.partition < partitions) return *record.partition;
        return fail(Errc::malformed,
                    fmt::format("partition {}: stream '{}' has partitions 0 to {}",
                                *record.partition, append_.stream->settings.name, partitions - 1));
    }

    Result<void> add(const NewRecord& record) {
        const log::StreamSettings& settings = append_.stream->settings;
        if (settings.compacts() && !record.key)
            return fail(Errc::malformed,
                        fmt::format("stream '{}' is compacted: a key is needed", settings.name));
        HF_TRY(const PartitionIndex partition, partition_of(record));
        if (record.partition) keyed_among_ = 0;
        const Bytes headers = encoded_headers(record);
        const std::array<ByteView, 1> pieces{headers};
        const std::size_t bytes = batch_bytes_max(record, headers) - record::kBatchHeaderBytes;
        if (record::kBatchHeaderBytes + bytes > settings.message_bytes_max)
            return fail(Errc::too_large, fmt::format("larger than stream '{}' takes, {} bytes",
                                                     settings.name, settings.message_bytes_max));
        auto& batches = batches_[partition];
        if (batches.empty() || batches.back().size_bytes() + bytes > settings.message_bytes_max)
            batches.emplace_back();
        batches.back().append(record.timestamp_ms.value_or(append_.now_ms), view_of(record.key),
                              view_of(record.value),
                              static_cast<std::uint32_t>(record.headers.size()), pieces);
        return ok();
    }

    // Batches of one partition follow each other in the log as they do here.
    [[nodiscard]] Result<std::vector<PlacedRecords>> where() const {
        std::vector<PlacedRecords> all;
        for (const log::PartitionAppend& append : appends) {
            if (append.refused) return *append.refused;
            if (all.empty() || all.back().partition != append.partition.index)
                all.push_back({append.partition.index, append.base_offset, 0});
            all.back().count += append.record_count;
        }
        return all;
    }

    void placed() noexcept override {
        if (!append_.remember) return;
        if (const auto all = where()) state_changes.push_back(append_.remember(all.value()));
    }
    void completed(Result<void> outcome) noexcept override {
        const std::unique_ptr<Group> self(this);
        append_.done(outcome ? where() : std::move(outcome).error());
    }

    RecordsAppend append_;
    PartitionIndex keyed_among_; // 0 as soon as one record names its partition
    std::map<PartitionIndex, std::vector<record::BatchBuilder>> batches_;
};

} // namespace

Result<std::shared_ptr<const log::Stream>> stream_to_append(const log::Log& log,
                                                            std::string_view name) {
    auto stream = log.find_stream(name);
    if (!stream) return fail(Errc::not_found, fmt::format("there is no stream '{}'", name));
    if (stream->settings.internal)
        return fail(Errc::denied, fmt::format("stream '{}' is the server's own", name));
    return stream;
}

bool fits(const log::StreamSettings& settings, const NewRecord& record) {
    return batch_bytes_max(record, encoded_headers(record)) <= settings.message_bytes_max;
}

Result<void> append_records(log::Log& log, RecordsAppend append) {
    auto group = std::make_unique<Group>(std::move(append));
    HF_TRY(group->build());
    log.append(*group.release());
    return ok();
}

} // namespace holdfast::gateway
