#include "rules/partition_task.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

namespace holdfast::rules {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;

bool is_permanent(Errc code) noexcept {
    return code == Errc::malformed || code == Errc::not_found || code == Errc::not_supported;
}

} // namespace

Offset PartitionTask::position() const {
    Offset least = std::numeric_limits<Offset>::max();
    for (const auto& run : runs_)
        if (run->rule->status_now() == RuleStatus::running)
            least = std::min(least, run->unstored ? run->stored_offset : run->next_offset);
    return least == std::numeric_limits<Offset>::max() ? idle_position_ : least;
}

void PartitionTask::rebuild_decoder() {
    std::vector<column::Field> fields;
    for (const auto& run : runs_) {
        run->columns.clear();
        for (const auto& field : run->rule->plan->fields()) {
            auto found = std::find(fields.begin(), fields.end(), field);
            if (found == fields.end()) found = fields.insert(fields.end(), field);
            run->columns.push_back(static_cast<std::size_t>(found - fields.begin()));
        }
    }
    decoder_ = record::PayloadColumns(std::move(fields));
    note_due();
    read_to_ = position();
}

void PartitionTask::note_due() {
    std::int64_t least_us = INT64_MAX;
    std::int64_t latest_us = 0;
    for (const auto& run : runs_) {
        if (run->rule->status_now() != RuleStatus::running) continue;
        const auto due_us = run->runner.next_due_arrival_us();
        if (!due_us) continue;
        least_us = std::min(least_us, *due_us);
        latest_us = std::max(latest_us, run->runner.latest_arrival_us());
    }
    due_us_ = least_us;
    latest_us_ = latest_us;
}

void PartitionTask::step(const log::Fetched& fetched, Done done) {
    // What could not be stored goes first, as it was: its state is already ahead.
    const bool is_retry = std::any_of(runs_.begin(), runs_.end(),
                                      [](const auto& run) { return run->unstored != nullptr; });
    if (!is_retry) process(fetched);
    if (is_abandoned_) return done(fail(Errc::closed, "the rules end in the middle of a batch"));
    store(std::move(done));
}

void PartitionTask::process(const log::Fetched& fetched) {
    ByteView rest = fetched.batches;
    while (!rest.empty() && !is_abandoned_) {
        auto header = record::decode_batch_header(rest);
        if (!header) {
            bad_batch(header.error(), position());
            break;
        }
        auto batch = record::BatchView::open(rest);
        rest = rest.subspan(std::min(rest.size(), header.value().size_bytes()));
        if (!batch) {
            bad_batch(batch.error(), header.value().base_offset);
            continue;
        }
        if (header.value().is_control()) continue;
        batches_.push_back(std::move(batch).value());
        record::RecordView record;
        for (;;) {
            const auto more = batches_.back().next(record);
            if (!more) bad_batch(more.error(), header.value().base_offset);
            if (!more || !more.value()) break;
            collect(record);
        }
        const bool is_compressed = header.value().compression() != record::Compression::none;
        if (messages_.size() >= kRowsAtOnce || is_compressed) flush();
    }
    flush();
    if (is_abandoned_) return;
    idle_position_ = fetched.next_offset;
    // What waits for time is told before how far was read, and that before where the rules stand:
    // whoever sees the later of two sees the earlier, so no tick is written for what is over.
    note_due();
    read_to_ = fetched.next_offset;
    for (const auto& run : runs_) {
        if (!takes_part(*run)) continue;
        run->stored_offset = run->next_offset;
        run->next_offset = std::max(run->next_offset, fetched.next_offset);
        run->gather(settings_.checkpoint_records);
    }
}

void PartitionTask::collect(const record::RecordView& record) {
    record::MessageView message = record::read_message(record);
    if (message.is_tick) has_tick_out_ = false;
    message.stream = stream_->settings.name;
    message.partition = partition_.index;
    messages_.push_back(message);
}

void PartitionTask::flush() {
    for (std::size_t from = 0; from < messages_.size() && !is_abandoned_; from += kRowsAtOnce) {
        const std::size_t count = std::min(kRowsAtOnce, messages_.size() - from);
        decoder_.decode({messages_.data() + from, count});
        for (const auto& run : runs_) {
            if (takes_part(*run)) run_rule(*run, from, count);
            is_abandoned_ = is_abandoned_ || stop_.stop_requested();
            if (is_abandoned_) break;
        }
    }
    messages_.clear();
    batches_.clear();
}

// A rule that is leaving was ended somewhere in this batch: its state is of no use any more.
bool PartitionTask::takes_part(const RuleRun& run) {
    return run.rule->status_now() == RuleStatus::running && !run.runner.is_interrupted();
}

bool PartitionTask::takes(const RuleRun& run, const record::MessageView& message) const {
    const auto& plan = *run.rule->plan;
    if (!message.has_payload) return false; // tombstones and ticks
    if (plan.from_filter() &&
        (message.topic.empty() || !topic::matches(plan.source().name, message.topic)))
        return false;
    // A rule does not read what it wrote, nor join an endless ring of rules.
    constexpr std::string_view kPrefix = "rule:";
    const bool is_own = message.client_id.starts_with(kPrefix) &&
                        message.client_id.substr(kPrefix.size()) == plan.name;
    return !is_own && message.hops < RuleRunner::kHopsMax;
}

void PartitionTask::run_rule(RuleRun& run, std::size_t from, std::size_t count) {
    // Every record tells the partition's time; those of the source are rows.
    const bool keeps_time = run.runner.keeps_time();
    std::vector<std::uint32_t> picked;
    std::vector<RecordNote> notes;
    for (std::size_t row = 0; row < count; ++row) {
        const auto& message = messages_[from + row];
        if (message.offset < run.next_offset) continue; // is in its state already
        const bool is_of_source = takes(run, message);
        if (is_of_source) picked.push_back(static_cast<std::uint32_t>(row));
        if (!is_of_source && !keeps_time) continue;
        notes.push_back({decoder_.error(row), as_text(message.payload), message.offset,
                         message.arrival_ms * 1000, is_of_source, message.is_tick,
                         decoder_.is_implausible(run.columns[run.rule->plan->ts_field], row),
                         message.hops});
    }
    run.unstored_records += count;
    if (notes.empty()) return;
    const bool takes_all = picked.size() == count;
    std::vector<column::Column> gathered;
    gathered.reserve(run.columns.size());
    column::Frame frame{{}, picked.size()};
    for (const std::size_t index : run.columns) {
        if (!takes_all) gathered.push_back(decoder_.column(index).gather(picked));
        frame.columns.push_back(takes_all ? &decoder_.column(index) : &gathered.back());
    }
    run.rule->watch_paths(frame);
    run.runner.run(frame, notes);
}

// Ends a step when the last of its batches is stored.
struct PartitionTask::Storing {
    Done done;
    std::atomic<std::size_t> open{1}; // one for the loop that starts them
    std::mutex mutex;
    std::optional<Error> failed; // guarded by mutex

    void finish_one() {
        if (open.fetch_sub(1) != 1) return;
        if (failed) {
            done(*failed);
        } else {
            done(ok());
        }
    }
};

void PartitionTask::store(Done done) {
    auto storing = std::make_shared<Storing>();
    storing->done = std::move(done);
    for (const auto& run : runs_) {
        if (!run->unstored) continue;
        storing->open.fetch_add(1);
        publisher_.publish(run->unstored->batch, [this, storing, run](const auto& placed) {
            if (placed) {
                alarms_.apply(run->unstored->alarms);
                note_refused(*run, placed.value());
                run->unstored.reset();
            } else if (is_permanent(placed.error().code)) {
                // Trying again cannot help, and the other rules must go on.
                run->rule->fail_with("outputs cannot be stored: " + placed.error().context);
                run->unstored.reset();
            } else {
                const std::lock_guard lock(storing->mutex);
                storing->failed = placed.error();
            }
            storing->finish_one();
        });
    }
    storing->finish_one();
}

// Outputs that can never be stored: counted, and one log line a step, however many they are.
void PartitionTask::note_refused(RuleRun& run, const std::vector<broker::Placed>& placed) {
    RuleCounts counts;
    std::string first;
    for (std::size_t i = 0; i < placed.size(); ++i) {
        if (!placed[i].refused) continue;
        if (counts.errors++ != 0) continue;
        const auto& origins = run.unstored->origins;
        const Offset origin = i < origins.size() ? origins[i] : run.next_offset - 1;
        first = fmt::format("{}/{} offset {}: {}", stream_->settings.name, partition_.index, origin,
                            placed[i].refused->context);
    }
    if (counts.errors == 0) return;
    log_warn("rules",
             "rule '{}': {} outputs can never be stored and are passed over; the first: {}",
             run.rule->plan->name, counts.errors, first);
    run.rule->add(counts, first);
}

void PartitionTask::skipped_to(Offset resume, const Error& why) {
    for (const auto& run : runs_) {
        if (run->rule->status_now() != RuleStatus::running || run->next_offset >= resume) continue;
        RuleCounts counts;
        counts.lost = static_cast<std::uint64_t>(resume - run->next_offset);
        run->rule->add(counts, why.context);
        run->next_offset = resume;
    }
    idle_position_ = std::max(idle_position_, resume);
}

void PartitionTask::bad_batch(const Error& why, Offset at) {
    const std::string text = fmt::format("{}/{} offset {}: {}", stream_->settings.name,
                                         partition_.index, at, why.context);
    log_warn("rules", "{}", text);
    RuleCounts counts;
    counts.errors = 1;
    for (const auto& run : runs_)
        if (run->rule->status_now() == RuleStatus::running) run->rule->add(counts, text);
}

} // namespace holdfast::rules
