#include "exec/window_call.hpp"

#include "exec/key_table.hpp"
#include "exec/reading_history.hpp"
#include "exec/value_order.hpp"

#include <holdfast/exec/evaluated.hpp>

#include <algorithm>
#include <numeric>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;
using sql::FrameBound;

// One call: partitions, sorts, then walks each partition.
class WindowCallRun {
public:
    WindowCallRun(const sql::WindowCall& call, RowStore& rows, Context& context, WindowResult& out)
        : call_(call),
          rows_(rows),
          context_(context),
          out_(out),
          order_begin_(1),
          args_begin_(order_begin_ + call.over.order.size()),
          filter_column_(args_begin_ + call.call.args.size()),
          keys_(filter_column_ + 1, context, "a window function"),
          held_(context, "a window function"),
          state_held_(context, "a window function"),
          args_(call.call.args.size()) {}

    Result<void> run() {
        HF_TRY(out_.resize(rows_.rows()));
        HF_TRY(evaluate());
        HF_TRY(held_.add(std::size_t{rows_.rows()} * sizeof(std::uint32_t)));
        sorted_.resize(rows_.rows());
        std::iota(sorted_.begin(), sorted_.end(), 0U);
        std::sort(sorted_.begin(), sorted_.end(), [this](std::uint32_t a, std::uint32_t b) {
            const std::int64_t pa = partition(a);
            const std::int64_t pb = partition(b);
            if (pa != pb) return pa < pb;
            const int order = order_between(a, b);
            return order != 0 ? order < 0 : a < b;
        });
        for (std::size_t begin = 0; begin < sorted_.size();) {
            std::size_t end = begin + 1;
            while (end < sorted_.size() && partition(sorted_[end]) == partition(sorted_[begin]))
                ++end;
            HF_TRY(walk(begin, end));
            begin = end;
        }
        return ok();
    }

private:
    [[nodiscard]] std::int64_t partition(std::uint32_t row) const noexcept {
        return keys_.at(row, 0).as_int();
    }
    [[nodiscard]] int order_between(std::uint32_t a, std::uint32_t b) const noexcept {
        for (std::size_t i = 0; i < call_.over.order.size(); ++i) {
            const auto& term = call_.over.order[i];
            const int order = order_of(keys_.at(a, order_begin_ + i), keys_.at(b, order_begin_ + i),
                                       term.is_descending, term.nulls_first);
            if (order != 0) return order;
        }
        return 0;
    }
    [[nodiscard]] Value argument(std::size_t at, std::size_t index) const noexcept {
        return keys_.at(sorted_[at], args_begin_ + index);
    }

    // Per row: its partition's number, sort keys, arguments and whether FILTER lets it in.
    Result<void> evaluate() {
        KeyTable partitions(call_.over.partition.size(), context_, "a window function");
        BatchEvaluation evaluated(context_);
        std::vector<Value> key(call_.over.partition.size());
        std::vector<Value> row(filter_column_ + 1);
        Frame in;
        for (std::size_t batch = 0; rows_.batch(batch, in); ++batch) {
            HF_TRY(context_.check());
            sql::Evaluation& evaluation = evaluated.begin();
            const auto keys = evaluate_all(call_.over.partition, in, evaluation);
            const auto args = evaluate_all(call_.call.args, in, evaluation);
            std::vector<Evaluated> order;
            order.reserve(call_.over.order.size() + 1);
            for (const auto& term : call_.over.order)
                order.emplace_back(*term.expression, in, evaluation);
            if (call_.call.filter) order.emplace_back(*call_.call.filter, in, evaluation);
            HF_TRY(evaluated.settle());
            for (std::size_t i = 0; i < in.rows; ++i) {
                for (std::size_t k = 0; k < keys.size(); ++k) key[k] = keys[k].get().at(i);
                HF_TRY(const auto number, partitions.add(key));
                row[0] = Value::of_int(number);
                for (std::size_t k = 0; k < call_.over.order.size(); ++k)
                    row[order_begin_ + k] = order[k].get().at(i);
                for (std::size_t k = 0; k < args.size(); ++k)
                    row[args_begin_ + k] = args[k].get().at(i);
                row[filter_column_] =
                    call_.call.filter ? order.back().get().at(i) : Value::of_bool(true);
                HF_TRY(keys_.append(row));
            }
        }
        return ok();
    }

    // Rows [begin, end) of sorted_ are one partition.
    Result<void> walk(std::size_t begin, std::size_t end) {
        using sql::WindowFunction;
        switch (call_.function) {
            case WindowFunction::row_number:
            case WindowFunction::rank:
            case WindowFunction::dense_rank: return ranks(begin, end);
            case WindowFunction::lag: return shifted(begin, end, -1);
            case WindowFunction::lead: return shifted(begin, end, 1);
            case WindowFunction::first_value:
            case WindowFunction::last_value: return edges(begin, end);
            case WindowFunction::latest:
            case WindowFunction::changed:
            case WindowFunction::had_changed:
            case WindowFunction::counter_rate: return readings(begin, end);
            case WindowFunction::aggregate: break;
        }
        const bool is_running = call_.over.from.kind == FrameBound::Kind::unbounded;
        return is_running ? running(begin, end) : framed(begin, end);
    }

    Result<void> ranks(std::size_t begin, std::size_t end) {
        std::int64_t rank = 0;
        std::int64_t dense = 0;
        for (std::size_t at = begin; at < end; ++at) {
            const auto number = static_cast<std::int64_t>(at - begin) + 1;
            if (at == begin || order_between(sorted_[at - 1], sorted_[at]) != 0) {
                rank = number;
                ++dense;
            }
            std::int64_t result = number;
            if (call_.function == sql::WindowFunction::rank) result = rank;
            if (call_.function == sql::WindowFunction::dense_rank) result = dense;
            HF_TRY(out_.set(sorted_[at], Value::of_int(result)));
        }
        return ok();
    }

    Result<void> shifted(std::size_t begin, std::size_t end, std::int64_t sign) {
        std::int64_t distance = sign;
        constexpr std::int64_t kFar = UINT32_MAX; // more rows than there can be
        if (call_.call.args.size() > 1)
            distance = sign * std::clamp(call_.call.args[1]->literal.as_int(), -kFar, kFar);
        for (std::size_t at = begin; at < end; ++at) {
            const std::int64_t from = static_cast<std::int64_t>(at) + distance;
            const bool is_inside =
                from >= static_cast<std::int64_t>(begin) && from < static_cast<std::int64_t>(end);
            Value value;
            if (is_inside) value = argument(static_cast<std::size_t>(from), 0);
            if (!is_inside && call_.call.args.size() > 2) value = argument(at, 2);
            HF_TRY(out_.set(sorted_[at], value));
        }
        return ok();
    }

    Result<void> edges(std::size_t begin, std::size_t end) {
        const bool is_first = call_.function == sql::WindowFunction::first_value;
        for (std::size_t at = begin; at < end; ++at) {
            const auto [from, to] = frame(at, begin, end);
            if (from >= to) continue;
            HF_TRY(out_.set(sorted_[at], argument(is_first ? from : to - 1, 0)));
        }
        return ok();
    }

    Result<void> readings(std::size_t begin, std::size_t end) {
        ReadingHistory before;
        for (std::size_t at = begin; at < end; ++at) {
            const Value value =
                before.next(call_.function, argument(at, 0), keys_.at(sorted_[at], order_begin_),
                            context_.mismatches);
            HF_TRY(out_.set(sorted_[at], value));
        }
        return ok();
    }

    void add(sql::AggregateState& state, std::size_t at) {
        if (!keys_.at(sorted_[at], filter_column_).is_true()) return;
        for (std::size_t i = 0; i < args_.size(); ++i) args_[i] = argument(at, i);
        state.add(call_.call.kind, args_, context_.mismatches);
    }
    // What takes long is looked at by `steps`: rows that were added, and values that a result
    // walks.
    Result<void> give(const sql::AggregateState& state, std::size_t at, std::size_t steps) {
        arena_.clear();
        HF_TRY(state_held_.hold(state.heap_bytes()));
        HF_TRY(out_.set(sorted_[at], state.result(call_.call.kind, arena_)));
        steps_ += steps + state.heap_bytes() / sizeof(Value);
        if (steps_ < kBatchRows) return ok();
        steps_ = 0;
        return context_.check();
    }

    // The frame begins with the partition, so its end only moves on: each row is added once.
    Result<void> running(std::size_t begin, std::size_t end) {
        sql::AggregateState state;
        std::size_t added = begin;
        for (std::size_t at = begin; at < end; ++at) {
            const std::size_t to = frame(at, begin, end).second;
            for (; added < to; ++added) add(state, added);
            HF_TRY(give(state, at, 1));
        }
        return ok();
    }
    // Sums of doubles cannot be taken back exactly, so each frame is added up anew.
    Result<void> framed(std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; ++at) {
            const auto [from, to] = frame(at, begin, end);
            sql::AggregateState state;
            for (std::size_t each = from; each < to; ++each) add(state, each);
            HF_TRY(give(state, at, to > from ? to - from : 0));
        }
        return ok();
    }

    // [from, to) of sorted_ that row `at` sees.
    [[nodiscard]] std::pair<std::size_t, std::size_t> frame(std::size_t at, std::size_t begin,
                                                            std::size_t end) const {
        return {bound(call_.over.from, at, begin, end, true),
                bound(call_.over.to, at, begin, end, false)};
    }
    [[nodiscard]] std::size_t bound(const FrameBound& bound, std::size_t at, std::size_t begin,
                                    std::size_t end, bool is_from) const {
        if (bound.kind == FrameBound::Kind::unbounded) return is_from ? begin : end;
        if (call_.over.is_range) return range_bound(bound, at, begin, end, is_from);
        const auto sign = bound.kind == FrameBound::Kind::preceding ? -1 : 1;
        const std::int64_t row = static_cast<std::int64_t>(at) +
                                 sign * std::min<std::int64_t>(bound.distance, UINT32_MAX) +
                                 (is_from ? 0 : 1);
        return static_cast<std::size_t>(
            std::clamp(row, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)));
    }
    // RANGE: rows whose sort key is at most so far away; without ORDER BY all are peers.
    [[nodiscard]] std::size_t range_bound(const FrameBound& bound, std::size_t at,
                                          std::size_t begin, std::size_t end, bool is_from) const {
        if (call_.over.order.empty()) return is_from ? begin : end;
        const Value mine = keys_.at(sorted_[at], order_begin_);
        const auto& term = call_.over.order.front();
        Value edge = mine;
        if (bound.distance != 0 && !mine.is_null()) {
            const bool adds = (bound.kind == FrameBound::Kind::following) != term.is_descending;
            std::uint64_t overflow = 0;
            edge = column::arithmetic(adds ? column::Arithmetic::add : column::Arithmetic::subtract,
                                      mine, Value::of_int(bound.distance), overflow);
            if (edge.is_null()) return is_from ? begin : end;
        }
        const auto first = sorted_.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = sorted_.begin() + static_cast<std::ptrdiff_t>(end);
        const bool is_exact = bound.distance == 0;
        const auto found = std::partition_point(first, last, [&](std::uint32_t row) {
            // with no distance, peers by all sort keys; else by the first
            const int order = is_exact ? order_between(row, sorted_[at])
                                       : order_of(keys_.at(row, order_begin_), edge,
                                                  term.is_descending, term.nulls_first);
            return is_from ? order < 0 : order <= 0;
        });
        return static_cast<std::size_t>(found - sorted_.begin());
    }

    const sql::WindowCall& call_;
    RowStore& rows_;
    Context& context_;
    WindowResult& out_;
    const std::size_t order_begin_; // columns of keys_
    const std::size_t args_begin_;
    const std::size_t filter_column_;
    RowStore keys_;
    HeldMemory held_;
    HeldMemory state_held_;
    std::vector<std::uint32_t> sorted_; // rows, partition by partition
    std::vector<Value> args_;           // of the row at hand
    column::TextArena arena_;           // of the result at hand
    std::size_t steps_ = 0;             // since the context was asked
};

} // namespace

Result<void> WindowResult::resize(std::uint32_t rows) {
    HF_TRY(held_.add(std::size_t{rows} * (1 + sizeof(std::int64_t) + sizeof(std::string_view))));
    for (std::size_t left = rows; left != 0;) {
        const std::size_t size = std::min<std::size_t>(left, kBatchRows);
        batches_.emplace_back().reset(size);
        left -= size;
    }
    return ok();
}

Result<void> WindowResult::set(std::uint32_t row, const Value& value) {
    Value kept = value;
    if (value.type() == Type::text) {
        HF_TRY(held_.add(value.as_text().size()));
        kept = Value::of_text(texts_.keep(value.as_text()));
    }
    batches_[row / kBatchRows].set(row % kBatchRows, kept);
    return ok();
}

Result<void> compute(const sql::WindowCall& call, RowStore& rows, Context& context,
                     WindowResult& out) {
    return WindowCallRun(call, rows, context, out).run();
}

} // namespace holdfast::exec
