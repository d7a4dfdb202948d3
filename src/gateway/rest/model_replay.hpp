#pragma once

#include <gateway/rest/history_reads.hpp>
#include <holdfast/models/engine.hpp>

#include <cstdint>

namespace holdfast::gateway {

inline constexpr std::int64_t kUsPerMs = 1'000;

// The model that a request names, over the history of its stream.
struct ReplayedModel {
    models::ModelSpec spec;
    StreamId stream{};
};
// not_found (no such model, no history, no stream), denied (the caller may not read the stream).
[[nodiscard]] Result<ReplayedModel> replayed_model(const models::Engine& engine,
                                                   const HistoryParts& parts,
                                                   const HttpRequest& request);

// Where learning begins: the parameter `learn`, 30 days by default, before `from_us`. malformed.
[[nodiscard]] Result<std::int64_t> learn_from_us(const HttpRequest& request, std::int64_t from_us);

} // namespace holdfast::gateway
