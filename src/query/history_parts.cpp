#include "query/history_parts.hpp"

#include "query/history_cursor.hpp"
#include "query/log_source.hpp"
#include "query/told_by_device.hpp"

#include <holdfast/exec/evaluated.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::query {
namespace {

using column::FieldKind;
using column::Type;
using column::Value;
using history::Bucket;
using history::FieldAggregate;
using sql::AggregateKind;
using sql::AggregatePart;

// The rows of one cursor, then those of another, if there is one.
class BothCursors final : public exec::Cursor {
public:
    BothCursors(std::unique_ptr<exec::Cursor> first, std::unique_ptr<exec::Cursor> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    Result<bool> next(column::Frame& out) override {
        if (first_) {
            HF_TRY(const bool any, first_->next(out));
            if (any) return true;
            first_.reset();
        }
        return second_ ? second_->next(out) : Result<bool>(false);
    }

private:
    std::unique_ptr<exec::Cursor> first_; // null once all was read
    std::unique_ptr<exec::Cursor> second_;
};

class HistoryParts final : public exec::PartsCursor {
public:
    HistoryParts(const history::Store& history, std::shared_ptr<const log::Stream> stream,
                 const sql::SourcePlan& source, const exec::PartsPlan& plan, exec::Context& context)
        : history_(history),
          stream_(std::move(stream)),
          source_(source),
          plan_(plan),
          fields_(source),
          context_(context),
          evaluation_(context),
          names_memory_(context, "devices of a history"),
          buckets_memory_(context, "buckets of a device's history"),
          told_(history.coverage(stream_->id), source.event_time.from_us, context),
          key_columns_(source.fields.size()) {}

    Result<void> start(const log::Log* log) {
        reads_log_ = log != nullptr;
        if (reads_log_) {
            HF_TRY(log_, open_log(*log, {source_.name}, source_, context_, &told_));
        }
        devices_ = devices_asked(history_, stream_->id, source_);
        std::size_t bytes = 0;
        for (const std::string& each : devices_) bytes += 2 * (each.size() + kBytesPerName);
        HF_TRY(names_memory_.hold(bytes)); // of by_rows_, too
        make_request();
        return ok();
    }

    Result<bool> next(exec::PartFrame& out) override {
        while (given_ == buckets_.size()) {
            if (at_ == devices_.size()) return false;
            HF_TRY(count_device(devices_[at_++]));
        }
        give(out);
        return true;
    }

    Result<std::unique_ptr<exec::Cursor>> rest() override {
        auto rows = std::make_unique<HistoryCursor>(
            history_, *stream_, source_, context_,
            [this](const std::string& device, const history::Reading& reading) {
                return note(device, reading);
            });
        HF_TRY(rows->start(std::move(by_rows_)));
        return std::make_unique<BothCursors>(std::move(rows), std::move(log_));
    }

    std::string cost() const override {
        return fmt::format("{} headers, {} chunks", cost_.headers, cost_.chunks);
    }

private:
    // What it was told matters where the log says the rest.
    template <class Read>
    Result<void> note(const std::string& device, const Read& read) {
        return reads_log_ ? told_.note(device, read) : ok();
    }

    // Fields that are counted, each once, and where those of the calls stand among them.
    void make_request() {
        const auto place_of = [this](std::size_t column) {
            const std::string& name = fields_.names[fields_.columns[column].field];
            auto& fields = request_.fields;
            const auto found = std::find(fields.begin(), fields.end(), name);
            const auto place = static_cast<std::size_t>(found - fields.begin());
            if (found == fields.end()) fields.push_back(name);
            return place;
        };
        request_.stream = stream_->id;
        for (const exec::PartsPlan::Call& call : plan_.calls)
            places_.push_back(call.kind == AggregateKind::count_rows ? 0 : place_of(call.column));
        if (plan_.present) present_ = place_of(*plan_.present);
        needs_numbers_.resize(request_.fields.size());
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (plan_.calls[i].kind != AggregateKind::count_rows &&
                plan_.calls[i].kind != AggregateKind::count)
                needs_numbers_[places_[i]] = true;
        request_.from_us = source_.event_time.from_us;
        request_.to_us = source_.event_time.to_us;
        request_.step_us = plan_.step_us;
        request_.check = [this] { return context_.check(); };
    }

    Result<void> count_device(const std::string& device) {
        buckets_.clear();
        given_ = 0;
        HF_TRY(buckets_memory_.hold(0));
        HF_TRY(context_.check());
        set_device(device);
        HF_TRY(const bool is_wanted, is_device_wanted());
        request_.device = device;
        request_.bytes_max = context_.left_bytes();
        if (!is_wanted) return ok();
        const auto aggregation = history_.aggregate(request_);
        HF_TRY(const bool is_counted, take_buckets(*aggregation));
        if (!is_counted) {
            buckets_.clear();
            HF_TRY(buckets_memory_.hold(0));
            by_rows_.push_back(device);
            return ok();
        }
        cost_.headers += aggregation->cost().headers;
        cost_.chunks += aggregation->cost().chunks;
        return note(device, *aggregation);
    }

    // False where the device has to be read row by row.
    Result<bool> take_buckets(history::Aggregation& aggregation) {
        const std::size_t bucket_bytes =
            sizeof(Bucket) + request_.fields.size() * sizeof(FieldAggregate);
        for (std::vector<Bucket> some;;) {
            const auto any = aggregation.next(some);
            if (!any && any.error().code != Errc::limit_exceeded) return any.error();
            HF_TRY(context_.check()); // where it was that which ended the counting
            if (!any) return false;
            if (!any.value()) return true;
            for (Bucket& bucket : some) {
                if (!are_numbers(bucket)) return false;
                if (present_ && bucket.fields[*present_].count == 0) continue;
                buckets_.push_back(std::move(bucket));
            }
            const std::size_t bytes = buckets_.capacity() * bucket_bytes + aggregation.bytes();
            if (bytes > context_.left_bytes() + buckets_memory_.bytes()) return false;
            HF_TRY(buckets_memory_.hold(bytes));
        }
    }

    bool are_numbers(const Bucket& bucket) const noexcept {
        for (std::size_t i = 0; i < needs_numbers_.size(); ++i)
            if (needs_numbers_[i] && bucket.fields[i].count != bucket.fields[i].numbers)
                return false;
        return true;
    }

    // The keys of all parts of one device, but for their times.
    void set_device(const std::string& device) {
        device_ = device;
        one_row_ = {{}, 1};
        one_row_columns_.resize(source_.fields.size());
        for (std::size_t i = 0; i < one_row_columns_.size(); ++i) {
            one_row_columns_[i].reset(1);
            one_row_columns_[i].set(0, key_value(source_.fields[i].kind));
            one_row_.columns.push_back(&one_row_columns_[i]);
        }
    }
    Value key_value(FieldKind kind) const noexcept {
        if (kind == FieldKind::device) return Value::of_text(device_);
        if (kind == FieldKind::stream) return Value::of_text(stream_->settings.name);
        return {};
    }
    Result<bool> is_device_wanted() {
        sql::Evaluation& evaluation = evaluation_.begin();
        for (const sql::Expression* condition : plan_.conditions) {
            const bool is_true = !sql::rows_where(*condition, one_row_, evaluation).empty();
            HF_TRY(evaluation_.settle());
            if (!is_true) return false;
        }
        return true;
    }

    void give(exec::PartFrame& out) {
        const std::size_t rows = std::min(exec::kBatchRows, buckets_.size() - given_);
        out.keys.rows = rows;
        out.keys.columns.clear();
        for (std::size_t i = 0; i < key_columns_.size(); ++i) {
            column::Column& made = key_columns_[i];
            const FieldKind kind = source_.fields[i].kind;
            if (kind == FieldKind::ts) {
                std::int64_t* words = made.fill(Type::timestamp, rows);
                for (std::size_t row = 0; row < rows; ++row)
                    words[row] = buckets_[given_ + row].start_us;
            } else {
                made.reset(rows);
                for (std::size_t row = 0; row < rows; ++row) made.set(row, key_value(kind));
            }
            out.keys.columns.push_back(&made);
        }
        out.parts.clear();
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t i = 0; i < plan_.calls.size(); ++i)
                out.parts.push_back(part_of(buckets_[given_ + row], i));
        given_ += rows;
    }

    AggregatePart part_of(const Bucket& bucket, std::size_t call) const noexcept {
        const AggregateKind kind = plan_.calls[call].kind;
        if (kind == AggregateKind::count_rows)
            return {
                static_cast<std::int64_t>(present_ ? bucket.fields[*present_].count : bucket.rows)};
        const FieldAggregate& field = bucket.fields[places_[call]];
        switch (kind) {
            case AggregateKind::min: return {0, field.min};
            case AggregateKind::max: return {0, field.max};
            case AggregateKind::first: return {0, field.first};
            case AggregateKind::last: return {0, field.last};
            default: return {static_cast<std::int64_t>(field.count), field.sum};
        }
    }

    const history::Store& history_;
    const std::shared_ptr<const log::Stream> stream_;
    const sql::SourcePlan& source_;
    const exec::PartsPlan& plan_;
    const HistoryFields fields_;
    exec::Context& context_;
    exec::BatchEvaluation evaluation_;
    exec::HeldMemory names_memory_;
    exec::HeldMemory buckets_memory_;
    ToldByDevice told_;
    bool reads_log_ = false;            // else history alone is asked
    std::unique_ptr<exec::Cursor> log_; // what told_ does not have
    history::AggregateRequest request_;
    std::vector<std::size_t> places_;    // of each call: its field of the request
    std::optional<std::size_t> present_; // the field that all rows have
    std::vector<bool> needs_numbers_;    // of each field
    std::vector<std::string> devices_;
    std::vector<std::string> by_rows_; // those that were not counted
    std::size_t at_ = 0;
    std::string device_;
    std::vector<column::Column> one_row_columns_;
    column::Frame one_row_;
    std::vector<Bucket> buckets_; // of device_
    std::size_t given_ = 0;
    std::vector<column::Column> key_columns_;
    history::AggregateCost cost_;
};

} // namespace

Result<std::unique_ptr<exec::PartsCursor>> open_history_parts(
    const history::Store& history, const log::Log* log, std::shared_ptr<const log::Stream> stream,
    const sql::SourcePlan& source, const exec::PartsPlan& plan, exec::Context& context) {
    auto parts = std::make_unique<HistoryParts>(history, std::move(stream), source, plan, context);
    HF_TRY(parts->start(log));
    return parts;
}

} // namespace holdfast::query
