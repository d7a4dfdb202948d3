#include <gateway/rest/json.hpp>
#include <gateway/rest/topic_json.hpp>
#include <gateway/rest/topic_rights.hpp>
#include <gateway/rest/topic_table.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/topic_view.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::gateway {
namespace {

constexpr std::int64_t kLimitMax = 1'000;

struct Asked {
    std::optional<std::string> prefix;
    std::optional<std::string> filter;
    std::string search;
    std::optional<std::string> cursor;
    std::size_t limit = 100;
    [[nodiscard]] bool is_tree() const { return !filter && search.empty(); }
};

std::optional<std::string> text_of(const HttpRequest& request, std::string_view name) {
    const auto value = request.query_value(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

Result<Asked> read_asked(const HttpRequest& request) {
    Asked asked{text_of(request, "prefix"), text_of(request, "filter"),
                text_of(request, "search").value_or(""), text_of(request, "cursor")};
    HF_TRY(const auto limit, request.integer("limit", 100, 1, kLimitMax));
    asked.limit = static_cast<std::size_t>(limit);
    if (asked.filter && !topic::is_topic_filter(*asked.filter))
        return fail(Errc::malformed, fmt::format("filter: '{}' is no topic filter", *asked.filter));
    if (!asked.is_tree() && asked.prefix)
        return fail(Errc::malformed, "prefix: a filter or a search goes through all topics");
    return asked;
}

// What is shown of a node or a topic, copied while the table is held.
struct Row {
    std::string level; // of a tree
    std::string topic;
    std::uint64_t topics = 1;
    std::uint64_t messages = 0;
    double rate = 0;
    std::int64_t last_ms = 0;
    std::optional<TopicState> state; // none: nothing was said there itself
};

std::vector<Row> tree_rows(const TopicTable& table, const Asked& asked, std::int64_t now_ms,
                           const TopicTable::IsShown& is_shown) {
    std::vector<Row> rows;
    const std::string* const prefix = asked.prefix ? &*asked.prefix : nullptr;
    const std::string* const after = asked.cursor ? &*asked.cursor : nullptr;
    for (auto& node : table.children(prefix, after, asked.limit + 1, now_ms, is_shown)) {
        Row row{node.level,  prefix != nullptr ? *prefix + '/' + node.level : node.level,
                node.topics, node.messages,
                node.rate,   node.last_ms,
                std::nullopt};
        if (node.topic != nullptr) row.state = *node.topic;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> flat_rows(const TopicTable& table, const Asked& asked, std::int64_t now_ms,
                           const TopicTable::IsShown& is_shown) {
    const auto fits = [&](const TopicState& state) {
        if (asked.filter && !topic::matches(*asked.filter, state.topic)) return false;
        return state.topic.find(asked.search) != std::string::npos && is_shown(state);
    };
    std::vector<Row> rows;
    for (const TopicState* state : table.find(asked.cursor.value_or(""), asked.limit + 1, fits))
        rows.push_back({"", state->topic, 1, state->messages, rate_of(*state, now_ms),
                        state->last_ms, *state});
    return rows;
}

bool is_retained(const log::Log& log, std::string_view topic, std::int64_t now_ms) {
    const auto stored = log.state(broker::kRetainedKeyspace, topic);
    if (!stored || !stored.value()) return false;
    const auto message = broker::decode_retained(*stored.value());
    return message && message.value().expires_ms > now_ms;
}

void write_row(std::string& out, const Row& row, const log::Log& log, std::int64_t now_ms) {
    out += "{\"topic\":";
    column::append_json_string(out, row.topic);
    fmt::format_to(std::back_inserter(out),
                   ",\"topics\":{},\"messages\":{},\"rate\":{:.3f},\"last_ms\":{}", row.topics,
                   row.messages, row.rate, row.last_ms != 0 ? fmt::to_string(row.last_ms) : "null");
    if (row.state) {
        fmt::format_to(std::back_inserter(out), ",\"retained\":{}",
                       is_retained(log, row.topic, now_ms));
        write_last_message(out, *row.state, log);
    }
    out += '}';
}

Result<HttpResponse> list(TopicView& view, const log::Log& log, const Clock& clock,
                          const HttpRequest& request) {
    HF_TRY(const auto asked, read_asked(request));
    const std::int64_t now_ms = clock.now_ms();
    TopicRights rights(request.caller->rights, log);
    const TopicTable::IsShown is_shown = [&](const TopicState& state) {
        return rights.may_see(state);
    };
    std::vector<Row> rows;
    const auto state = view.look([&](const TopicTable& table) {
        rows = asked.is_tree() ? tree_rows(table, asked, now_ms, is_shown)
                               : flat_rows(table, asked, now_ms, is_shown);
    });
    const bool has_more = rows.size() > asked.limit;
    if (has_more) rows.pop_back();
    HttpResponse response;
    response.body = "{\"topics\":[";
    for (const Row& row : rows) {
        if (response.body.back() != '[') response.body += ",\n";
        write_row(response.body, row, log, now_ms);
    }
    response.body += "],\"cursor\":";
    if (has_more)
        column::append_json_string(response.body,
                                   asked.is_tree() ? rows.back().level : rows.back().topic);
    else
        response.body += "null";
    response.body += fmt::format(",\"complete\":{},\"skipped\":{},\"left_out\":{}}}",
                                 state.is_complete, state.skipped, state.left_out);
    return response;
}

} // namespace

void add_topic_routes(Router& router, TopicView& view, const log::Log& log, const Clock& clock,
                      WorkQueue& queue) {
    router.add("GET", "/api/v1/topics", {"prefix", "filter", "search", "limit", "cursor"},
               Right::by_handler(access::Action::subscribe, access::ResourceKind::topic),
               on_queue(queue, [&view, &log, &clock](const HttpRequest& request) {
                   return list(view, log, clock, request);
               }));
}

} // namespace holdfast::gateway
