#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/fetched.hpp>
#include <holdfast/record/batch_view.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::history {

// What the records of one partition of the log hold, as rows. A record without a key has no device,
// and gives none. One thread.
class LogRows {
public:
    // `name` of the partition, for log lines. The metrics outlive it.
    LogRows(std::string name, Metrics& metrics);

    // Told rows in the order of their offsets, piece by piece, so that memory does not grow with
    // the size of a fetch; behind them lies `next`. Both are borrowed until it returns.
    using Take = std::function<Result<void>(std::span<const NewRow> rows, Offset next)>;
    // Errors: those of `take`, with which it ends. A batch that does not read is said in a log line
    // and passed over.
    [[nodiscard]] Result<void> each(const log::Fetched& fetched, const Take& take);
    // Batches that did not read, so far.
    [[nodiscard]] std::uint64_t damaged_batches() const noexcept { return damaged_batches_; }

private:
    void collect(const log::Fetched& fetched);
    void collect(record::BatchView& batch);
    void damaged(const Error& why, Offset at);
    void implausible(const record::MessageView& message);

    const std::string name_;
    Counter& unreadable_;
    Counter& implausible_;
    std::uint64_t damaged_batches_ = 0;
    record::PayloadColumns decoder_;
    std::vector<record::BatchView> batches_; // what messages_ borrow from
    std::vector<record::MessageView> messages_;
    std::vector<NewRow> rows_;
};

} // namespace holdfast::history
