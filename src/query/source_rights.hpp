#pragma once

#include <holdfast/query/engine.hpp>
#include <holdfast/sql/select_plan.hpp>

namespace holdfast::query {

// Asks `may_read` for every stream and table that the plan reads, however deep in it. Its error.
[[nodiscard]] Result<void> check_sources(const sql::QueryPlan& plan, const MayRead& may_read,
                                         const Engine::StreamsOf& streams_of);

} // namespace holdfast::query
