#include "history/partition_reader.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kRowsAtOnce = 1'024;

} // namespace

PartitionReader::PartitionReader(std::shared_ptr<const log::Stream> stream, PartitionIndex index,
                                 Store& store, Metrics& metrics)
    : stream_(std::move(stream)),
      partition_{stream_->id, index},
      store_(store),
      lost_(metrics.counter("holdfast_history_records_lost",
                            "Records that left the log before history read them")),
      unreadable_(metrics.counter("holdfast_history_payloads_unreadable",
                                  "Payloads that are neither JSON nor text")),
      decoder_({{column::FieldKind::ts, {}, 0}}, record::PayloadColumns::Members::all) {}

void PartitionReader::step(const log::Fetched& fetched, Done done) {
    batches_.clear();
    messages_.clear();
    collect(fetched);
    done(tell(fetched.next_offset));
}

void PartitionReader::collect(const log::Fetched& fetched) {
    for (ByteView rest = fetched.batches; !rest.empty();) {
        const auto header = record::decode_batch_header(rest);
        if (!header) return damaged(header.error(), position());
        auto batch = record::BatchView::open(rest);
        rest = rest.subspan(std::min(rest.size(), header.value().size_bytes()));
        if (header.value().is_control()) continue;
        if (!batch) {
            damaged(batch.error(), header.value().base_offset);
            continue;
        }
        batches_.push_back(std::move(batch).value());
        collect(batches_.back());
    }
}

void PartitionReader::collect(record::BatchView& batch) {
    for (record::RecordView record;;) {
        const auto more = batch.next(record);
        if (!more) return damaged(more.error(), batch.header().base_offset);
        if (!more.value()) return;
        const record::MessageView message = record::read_message(record);
        if (message.has_payload && message.device) messages_.push_back(message);
    }
}

void PartitionReader::damaged(const Error& why, Offset at) {
    log_warn("history", "{}/{} offset {}: {}", stream_->settings.name, partition_.index, at,
             why.context);
}

// Piece by piece, so that memory does not grow with the size of a fetch.
Result<void> PartitionReader::tell(Offset next) {
    for (std::size_t from = 0; from < messages_.size(); from += kRowsAtOnce) {
        const auto piece =
            std::span(messages_).subspan(from, std::min(kRowsAtOnce, messages_.size() - from));
        decoder_.decode(piece);
        values_.clear();
        rows_.clear();
        std::size_t count = 0;
        for (std::size_t row = 0; row < piece.size(); ++row) count += decoder_.members(row).size();
        values_.reserve(count); // rows borrow from it
        for (std::size_t row = 0; row < piece.size(); ++row) {
            const record::MessageView& message = piece[row];
            if (!decoder_.error(row).empty()) unreadable_.add();
            const std::size_t begin = values_.size();
            for (const record::Member& member : decoder_.members(row))
                values_.push_back({member.path, member.value});
            rows_.push_back({*message.device, decoder_.column(0).at(row).as_int(),
                             message.arrival_ms * 1000, message.offset,
                             std::span(values_).subspan(begin)});
        }
        HF_TRY(store_.add(partition_, rows_, piece.back().offset + 1));
    }
    return store_.add(partition_, {}, next);
}

void PartitionReader::skipped_to(Offset resume, const Error& why) {
    const Offset before = position();
    if (resume <= before) return;
    lost_.add(static_cast<std::uint64_t>(resume - before));
    log_warn("history", "{}/{}: {} records from offset {} are not in history: {}",
             stream_->settings.name, partition_.index, resume - before, before, why.context);
    // Only the position moves: an error here is met again with the next rows.
    const auto moved = store_.add(partition_, {}, resume);
    if (!moved) log_warn("history", "{}", moved.error().context);
}

} // namespace holdfast::history
