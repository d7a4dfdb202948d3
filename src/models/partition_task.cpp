#include "models/partition_task.hpp"

#include "models/alarm_record.hpp"
#include "models/scorer.hpp"
#include "models/state_keys.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/models/keyspace.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace holdfast::models {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
constexpr std::int64_t kUsPerMs = 1000;

constexpr std::size_t kDeviceBytesMax = 65'535; // as of a topic

std::vector<column::Field> fields_of(const ModelSpec& spec, const std::string& device) {
    std::vector<column::Field> fields;
    for (const std::string& path : spec.fields)
        fields.push_back({column::FieldKind::path, column::Path::parse(path).value(), 0});
    column::Field time{column::FieldKind::ts, {}, 0};
    if (!spec.time.empty()) time.path = column::Path::parse(spec.time).value();
    fields.push_back(std::move(time));
    if (device == "topic")
        fields.push_back({column::FieldKind::topic, {}, 0});
    else if (!device.empty())
        fields.push_back({column::FieldKind::path, column::Path::parse(device).value(), 0});
    return fields;
}

} // namespace

void ModelStatus::add(const ModelCounts& counts, std::string_view error) {
    const std::lock_guard lock(mutex_);
    counts_.scored += counts.scored;
    counts_.skipped += counts.skipped;
    counts_.implausible += counts.implausible;
    counts_.unstorable += counts.unstorable;
    counts_.lost += counts.lost;
    counts_.alarms_raised += counts.alarms_raised;
    counts_.alarms_worsened += counts.alarms_worsened;
    counts_.alarms_cleared += counts.alarms_cleared;
    counts_.primed += counts.primed;
    if (!error.empty()) last_error_ = error;
}

ModelCounts ModelStatus::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

std::string ModelStatus::last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
}

PartitionTask::PartitionTask(Parts parts, Offset position)
    : parts_(std::move(parts)),
      partition_{parts_.stream->id, parts_.index},
      primed_scorer_(parts_.primed ? parts_.primed->scorer.get() : nullptr),
      scorer_(parts_.primed   ? std::move(parts_.primed->scorer)
              : parts_.scorer ? std::move(parts_.scorer)
                              : std::make_unique<Scorer>(*parts_.spec)),
      is_priming_(parts_.primed.has_value()),
      decoder_(fields_of(*parts_.spec, parts_.device)),
      values_(parts_.spec->fields.size()),
      position_(position),
      device_count_(scorer_->device_count()) {}

void PartitionTask::step(const log::Fetched& fetched, Done done) {
    // What could not be stored goes first, as it was: the detectors are already ahead.
    if (!unstored_) {
        process(fetched);
        gather(fetched.next_offset);
    }
    store(std::move(done));
}

void PartitionTask::process(const log::Fetched& fetched) {
    ByteView rest = fetched.batches;
    while (!rest.empty()) {
        const auto header = record::decode_batch_header(rest);
        auto batch = record::BatchView::open(rest);
        if (!header || !batch) {
            const Error& why = header ? batch.error() : header.error();
            parts_.status->add({.skipped = 1}, why.context);
            if (!header) break;
        } else if (!header.value().is_control()) {
            read_batch(batch.value());
        }
        rest = rest.subspan(std::min(rest.size(), header.value().size_bytes()));
    }
}

void PartitionTask::read_batch(record::BatchView& batch) {
    record::RecordView record;
    for (;;) {
        const auto more = batch.next(record);
        if (!more) parts_.status->add({.skipped = 1}, more.error().context);
        if (!more || !more.value()) break;
        if (record.offset < position_.load()) continue; // the first batch may begin before
        collect(record);
        if (messages_.size() == kRowsAtOnce) score_collected();
    }
    score_collected(); // messages_ borrow from the batch
}

void PartitionTask::collect(const record::RecordView& record) {
    ++unstored_records_;
    const record::MessageView message = record::read_message(record);
    if (!message.has_payload) return;
    const std::string& filter = parts_.spec->topic;
    if (!filter.empty() && (message.topic.empty() || !topic::matches(filter, message.topic)))
        return;
    messages_.push_back(message);
}

void PartitionTask::score_collected() {
    if (messages_.empty()) return;
    decoder_.decode(messages_);
    const std::size_t time = values_.size(); // the field behind the model's own
    ModelCounts counts;
    std::string error;
    for (std::size_t row = 0; row < messages_.size(); ++row) {
        bool has_number = false;
        for (std::size_t field = 0; field < values_.size(); ++field) {
            const column::Value cell = decoder_.column(field).at(row);
            values_[field] =
                cell.is_number() ? cell.as_float() : std::numeric_limits<double>::quiet_NaN();
            has_number = has_number || cell.is_number();
        }
        const bool is_readable = decoder_.error(row).empty();
        if (!has_number && !(is_readable && scorer_->takes_empty())) {
            ++counts.skipped;
            if (!is_readable) error = decoder_.error(row);
            continue;
        }
        const std::int64_t event_ms = decoder_.column(time).at(row).as_int() / kUsPerMs;
        auto scored = score(row, event_ms, counts);
        if (!scored) {
            ++counts.skipped;
            error = scored.error().context;
            continue;
        }
        if (decoder_.is_implausible(time, row)) ++counts.implausible;
        if (auto& change = scored.value().change) {
            const bool is_cleared = change->state == alarms::AlarmState::cleared;
            ++(scored.value().is_worse ? counts.alarms_worsened
               : is_cleared            ? counts.alarms_cleared
                                       : counts.alarms_raised);
            changes_.push_back(std::move(*change));
        }
    }
    parts_.status->add(counts, error);
    device_count_ = scorer_->device_count();
    messages_.clear();
}

// No device is one, too, as where a training reads the same.
Result<std::string_view> PartitionTask::device_of(std::size_t row) {
    if (parts_.device.empty()) return messages_[row].device.value_or("");
    const column::Value cell = decoder_.column(values_.size() + 1).at(row);
    if (cell.is_null()) return std::string_view();
    if (cell.type() != column::Type::text) device_ = column::to_text(cell);
    const std::string_view device =
        cell.type() == column::Type::text ? cell.as_text() : std::string_view(device_);
    if (device.size() > kDeviceBytesMax)
        return fail(Errc::limit_exceeded,
                    fmt::format("'{}' has {} bytes, at most {} are a device", parts_.device,
                                device.size(), kDeviceBytesMax));
    return device;
}

// As long as the model is primed its alarms are nobody's, and what history had is passed over.
Result<DeviceScorer::Scored> PartitionTask::score(std::size_t row, std::int64_t event_ms,
                                                  ModelCounts& counts) {
    const record::MessageView& message = messages_[row];
    HF_TRY(const std::string_view device, device_of(row));
    if (!is_priming_ || message.offset >= parts_.primed->until) {
        ++counts.scored;
        auto scored = scorer_->score(device, event_ms, values_);
        if (!scored) --counts.scored;
        return scored;
    }
    const auto read = parts_.primed->read_below.find(device);
    const bool is_known = read != parts_.primed->read_below.end() && message.offset < read->second;
    if (is_known || event_ms < parts_.primed->since_ms) return DeviceScorer::Scored{};
    ++counts.primed;
    return primed_scorer_->prime(device, event_ms, values_);
}

void PartitionTask::add_states(std::vector<log::StateChange>& out, Offset next_offset) {
    const std::string& model = parts_.spec->name;
    for (auto& [device, state] : scorer_->take_changed())
        out.push_back(
            {kKeyspace, device_prefix(model, partition_) + device, std::string(as_text(state))});
    out.push_back({kKeyspace, offset_key(model, partition_), encode_offset(next_offset)});
    if (!is_priming_.exchange(false)) return;
    out.push_back({kKeyspace, priming_key(model, partition_), std::nullopt});
    parts_.primed.reset();
}

std::vector<log::StateChange> PartitionTask::first_states() {
    std::vector<log::StateChange> out;
    if (is_priming_ && position_ >= parts_.primed->until) add_states(out, position_);
    return out;
}

// Decides whether the step has something to store, and makes it: states of the devices that moved,
// the offset, the alarms.
void PartitionTask::gather(Offset next_offset) {
    // While it is primed there is nothing to go on with after a restart, which begins it again.
    const bool is_primed = is_priming_ && next_offset >= parts_.primed->until;
    const bool is_due = is_priming_
                            ? is_primed
                            : !changes_.empty() || unstored_records_ >= parts_.checkpoint_records;
    if (!is_due) {
        position_ = next_offset;
        return;
    }
    unstored_ = std::make_shared<Unstored>();
    unstored_->next_offset = next_offset;
    unstored_->batch.passes_over = true; // an alarm too long for its topic must not stop the model
    add_states(unstored_->batch.state_changes, next_offset);
    for (const alarms::Alarm& alarm : changes_) add_alarm(unstored_->batch, alarm, parts_.alarms);
    unstored_->changes = std::move(changes_);
    changes_.clear();
    unstored_records_ = 0;
}

void PartitionTask::store(Done done) {
    if (!unstored_) return done(ok());
    const auto unstored = unstored_;
    parts_.publisher.publish(
        unstored->batch, [this, unstored, done = std::move(done)](auto placed) {
            if (!placed) {
                parts_.status->add({}, "state is not stored: " + placed.error().context);
                done(std::move(placed).error()); // the pool comes again, with the same outputs
                return;
            }
            note_refused(*unstored, placed.value());
            parts_.alarms.apply(unstored->changes);
            position_ = unstored->next_offset;
            unstored_.reset();
            done(ok());
        });
}

// Records that can never be stored: counted, and one log line a step. The alarm itself stands.
void PartitionTask::note_refused(const Unstored& unstored,
                                 const std::vector<broker::Placed>& placed) {
    ModelCounts counts;
    std::string first;
    for (const broker::Placed& each : placed) {
        if (!each.refused) continue;
        if (counts.unstorable++ == 0)
            first = fmt::format("{}/{} before offset {}: {}", parts_.stream->settings.name,
                                parts_.index, unstored.next_offset, each.refused->context);
    }
    if (counts.unstorable == 0) return;
    log_warn("models", "model '{}': {} alarm records can never be stored; the first: {}",
             parts_.spec->name, counts.unstorable, first);
    parts_.status->add(counts, first);
}

void PartitionTask::skipped_to(Offset resume, const Error& why) {
    ModelCounts counts;
    counts.lost = static_cast<std::uint64_t>(std::max<Offset>(resume - position_.load(), 0));
    parts_.status->add(counts, why.context);
    position_ = std::max(position_.load(), resume);
}

} // namespace holdfast::models
