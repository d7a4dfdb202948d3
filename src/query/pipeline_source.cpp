#include <holdfast/query/pipeline_source.hpp>

#include "query/pipeline_rows.hpp"

#include <holdfast/pipeline/source.hpp>

#include <limits>
#include <set>
#include <string>

namespace holdfast::query {
namespace {

Request request_of(const pipeline::Plan& plan, const MayRead& may_read) {
    Request request;
    request.sql = pipeline::source_sql(plan.file);
    request.timeout_ms = std::numeric_limits<std::int64_t>::max(); // the engine's own bound counts
    request.may_read = may_read;
    return request;
}

Result<void> has_source(const pipeline::Plan& plan) {
    if (plan.file.source.is_given()) return ok();
    return fail(Errc::malformed, plan.file.where("source") + ": is missing: a stream or a query");
}

constexpr std::size_t kRangesMax = 4096; // that a model file takes

// What a query's plan is shown to.
class Nobody final : public Sink {
public:
    Result<void> begin(const std::vector<std::string>& /*names*/) override { return ok(); }
    Result<void> rows(const column::Frame& /*batch*/) override { return ok(); }
};

Result<void> add_ranges(const log::Log& log, const std::string& name,
                        std::vector<ml::DataRange>& out) {
    const auto stream = log.find_stream(name);
    if (stream == nullptr) return ok(); // the query says so
    for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
        HF_TRY(const auto bounds, log.bounds({stream->id, index}));
        if (out.size() == kRangesMax)
            return fail(Errc::too_large, "more than 4096 partitions are read");
        out.push_back({name, index, bounds.log_start_offset, bounds.high_watermark});
    }
    return ok();
}

} // namespace

Result<void> PipelineSource::check(const pipeline::Plan& plan, const MayRead& may_read) const {
    HF_TRY(has_source(plan));
    Request request = request_of(plan, may_read);
    request.sql = "EXPLAIN " + request.sql; // bound, and asked for rights, as when it runs
    Nobody nobody;
    HF_TRY(const Summary bound, engine_.run(request, nobody));
    pipeline::Samples none(plan);
    return PipelineRows(plan, none).begin(bound.columns);
}

Result<std::vector<ml::DataRange>> PipelineSource::read(const pipeline::Plan& plan,
                                                        const MayRead& may_read,
                                                        pipeline::Samples& out,
                                                        const ml::RunControl& control) const {
    HF_TRY(has_source(plan));
    std::vector<ml::DataRange> ranges;
    std::set<std::string, std::less<>> streams;
    // Whoever reads a stream asks here first, so its bounds are from before the reading.
    const auto note = [&](SourceKind kind, std::string_view name) -> Result<void> {
        if (may_read) {
            HF_TRY(may_read(kind, name));
        }
        if (kind != SourceKind::stream || !streams.emplace(name).second) return ok();
        return add_ranges(log_, std::string(name), ranges);
    };
    Request request = request_of(plan, note);
    request.stop = control.stop;
    PipelineRows rows(plan, out);
    HF_TRY(engine_.run(request, rows));
    return ranges;
}

} // namespace holdfast::query
