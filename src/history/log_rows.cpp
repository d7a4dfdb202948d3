#include "history/log_rows.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kRowsAtOnce = 1'024;

} // namespace

LogRows::LogRows(std::string name, Metrics& metrics)
    : name_(std::move(name)),
      unreadable_(metrics.counter("holdfast_history_payloads_unreadable",
                                  "Payloads that are neither JSON nor text")),
      implausible_(metrics.counter("holdfast_history_times_implausible",
                                   "Messages that stand at their arrival: theirs was no time")),
      decoder_({{column::FieldKind::ts, {}, 0}}, record::PayloadColumns::Members::all) {}

Result<void> LogRows::each(const log::Fetched& fetched, const Take& take) {
    batches_.clear();
    messages_.clear();
    collect(fetched);
    for (std::size_t from = 0; from < messages_.size(); from += kRowsAtOnce) {
        const auto piece =
            std::span(messages_).subspan(from, std::min(kRowsAtOnce, messages_.size() - from));
        decoder_.decode(piece);
        rows_.clear();
        for (std::size_t row = 0; row < piece.size(); ++row) {
            const record::MessageView& message = piece[row];
            if (!decoder_.error(row).empty()) unreadable_.add();
            if (decoder_.is_implausible(0, row)) implausible(message);
            rows_.push_back({*message.device, decoder_.column(0).at(row).as_int(),
                             message.arrival_ms * 1000, message.offset, decoder_.members(row)});
        }
        HF_TRY(take(rows_, piece.back().offset + 1));
    }
    return ok();
}

void LogRows::collect(const log::Fetched& fetched) {
    for (ByteView rest = fetched.batches; !rest.empty();) {
        const auto header = record::decode_batch_header(rest);
        if (!header) return damaged(header.error(), -1);
        auto batch = record::BatchView::open_fetched(rest);
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

void LogRows::collect(record::BatchView& batch) {
    for (record::RecordView record;;) {
        const auto more = batch.next(record);
        if (!more) return damaged(more.error(), batch.header().base_offset);
        if (!more.value()) return;
        const record::MessageView message = record::read_message(record);
        if (message.has_payload && message.device) messages_.push_back(message);
    }
}

void LogRows::damaged(const Error& why, Offset at) {
    ++damaged_batches_;
    log_warn("history", "{} offset {}: {}", name_, at, why.context);
}

void LogRows::implausible(const record::MessageView& message) {
    implausible_.add();
    const std::uint64_t count = implausible_.value();
    if ((count & (count - 1)) == 0) // a clock that is wrong must not fill the log with lines
        log_warn("history",
                 "{} offset {}: device '{}' says a time that is before 2000 or ahead of its "
                 "arrival: it stands at that ({} so far)",
                 name_, message.offset, *message.device, count);
}

} // namespace holdfast::history
