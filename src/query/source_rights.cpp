#include "query/source_rights.hpp"

namespace holdfast::query {
namespace {

using Kind = sql::SourcePlan::Kind;

Result<void> check_source(const sql::SourcePlan& source, const MayRead& may_read,
                          const Engine::StreamsOf& streams_of) {
    switch (source.kind) {
        case Kind::stream: return may_read(SourceKind::stream, source.name);
        case Kind::table: return may_read(SourceKind::table, source.name);
        case Kind::filter:
        case Kind::latest:
            for (const std::string& stream : streams_of(source.name)) {
                HF_TRY(may_read(SourceKind::stream, stream));
            }
            return ok();
        case Kind::query: return check_sources(*source.query, may_read, streams_of);
        case Kind::unnest: return ok(); // of what stands before it
    }
    return fail(Errc::denied, "a relation of an unknown kind");
}

} // namespace

Result<void> check_sources(const sql::QueryPlan& plan, const MayRead& may_read,
                           const Engine::StreamsOf& streams_of) {
    for (const sql::SelectPlan& select : plan.selects)
        for (const sql::SourcePlan& source : select.sources) {
            HF_TRY(check_source(source, may_read, streams_of));
        }
    return ok();
}

} // namespace holdfast::query
