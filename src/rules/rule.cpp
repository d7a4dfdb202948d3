#include "rules/rule.hpp"

#include "rules/state_codec.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <charconv>

namespace holdfast::rules {
namespace {

constexpr std::uint8_t kVersion = 2;

Result<std::shared_ptr<Rule>> decode(ByteReader& in) {
    HF_TRY(const auto version, in.u8());
    if (version != kVersion)
        return fail(Errc::not_supported, fmt::format("rule definition of version {}", version));
    auto rule = std::make_shared<Rule>();
    HF_TRY(rule->id, in.u64_be());
    HF_TRY(const auto status, in.u8());
    HF_TRY(rule->created_ms, in.varlong());
    HF_TRY(rule->made_by, take_text(in));
    HF_TRY(const auto text, take_text(in));
    if (status > 2 || !in.empty()) return fail(Errc::corrupt, "rule definition");
    rule->status = static_cast<RuleStatus>(status);
    HF_TRY(auto plan, sql::plan_rule(text));
    rule->plan = std::make_shared<const sql::RulePlan>(std::move(plan));
    return rule;
}

} // namespace

std::string_view to_string(RuleStatus status) noexcept {
    switch (status) {
        case RuleStatus::running: return "running";
        case RuleStatus::paused: return "paused";
        case RuleStatus::failed: return "failed";
    }
    return "?";
}

bool Rule::set_refusal(std::string why) {
    const std::lock_guard lock(mutex);
    if (refusal == why) return false;
    refusal = std::move(why);
    return true;
}

RuleInfo Rule::info() const {
    RuleInfo out;
    out.name = plan->name;
    out.sql = plan->text;
    out.created_ms = created_ms;
    out.made_by = made_by;
    const std::lock_guard lock(mutex);
    out.status = status;
    if (status == RuleStatus::running && !refusal.empty()) {
        out.status = RuleStatus::paused;
        out.reason = refusal;
    }
    out.counts = counts;
    out.last_error = last_error;
    if (paths) out.warnings = paths->warnings(*plan);
    return out;
}

void Rule::add(const RuleCounts& more, const std::string& error) {
    const std::lock_guard lock(mutex);
    counts.records_in += more.records_in;
    counts.rows_out += more.rows_out;
    counts.late += more.late;
    counts.clock_back += more.clock_back;
    counts.mismatches += more.mismatches;
    counts.implausible += more.implausible;
    counts.errors += more.errors;
    counts.lost += more.lost;
    counts.alarms_raised += more.alarms_raised;
    counts.alarms_cleared += more.alarms_cleared;
    if (!error.empty()) last_error = error;
    if (counters.records_in == nullptr) return;
    counters.records_in->add(more.records_in);
    counters.rows_out->add(more.rows_out);
    counters.late->add(more.late);
    counters.mismatches->add(more.mismatches);
    counters.errors->add(more.errors);
}

void Rule::count_in(Metrics& metrics) {
    const std::string label = fmt::format("rule=\"{}\"", plan->name);
    counters.records_in =
        &metrics.counter("holdfast_rule_records_in", "Records of a rule's source", label);
    counters.rows_out = &metrics.counter("holdfast_rule_rows_out", "Rows a rule emitted", label);
    counters.late =
        &metrics.counter("holdfast_rule_late", "Records after their window had closed", label);
    counters.mismatches =
        &metrics.counter("holdfast_rule_mismatches", "Values that became NULL", label);
    counters.errors =
        &metrics.counter("holdfast_rule_errors", "Records or rows a rule skipped", label);
}

void Rule::watch_paths(const column::Frame& input) {
    if (input.rows == 0 || !watches_paths) return;
    const std::vector<bool> has_value = PathWatch::values_in(input);
    const std::lock_guard lock(mutex);
    if (!paths) paths.emplace(*plan);
    const bool is_news = paths->note(input.rows, has_value);
    watches_paths = !paths->all_seen();
    if (!is_news) return;
    for (const std::string& warning : paths->warnings(*plan))
        log_warn("rules", "rule '{}': {} so far", plan->name, warning);
}

void Rule::stands_at(PartitionId partition, Offset next) {
    const std::lock_guard lock(mutex);
    positions[partition] = next;
}

void Rule::fail_with(const std::string& error) {
    const std::lock_guard lock(mutex);
    status = RuleStatus::failed;
    last_error = error;
}

Result<void> check_topics(const sql::RulePlan& plan) {
    if (plan.from_filter() && !topic::is_topic_filter(plan.source().name))
        return fail(Errc::malformed, fmt::format("'{}' is no topic filter", plan.source().name));
    if (!plan.late_topic.empty() && !topic::is_topic_name(plan.late_topic))
        return fail(Errc::malformed, fmt::format("LATE TO '{}' is no topic", plan.late_topic));
    return ok();
}

std::string definition_key(std::string_view name) {
    return fmt::format("rule/{}", name);
}
std::string state_prefix(std::uint64_t rule_id) {
    return fmt::format("state/{:016x}/", rule_id);
}
std::string state_key(std::uint64_t rule_id, PartitionId partition) {
    return fmt::format("{}{:08x}/{:08x}", state_prefix(rule_id), number(partition.stream),
                       partition.index);
}

std::string page_key(std::string_view state_key, char kind, std::uint32_t number) {
    return fmt::format("{}/{}{:08x}", state_key, kind, number);
}

std::optional<std::pair<char, std::uint32_t>> page_of(std::string_view rest) {
    constexpr std::size_t kBytes = 10; // '/', kind, 8 hex digits
    if (rest.size() != kBytes || rest[0] != '/') return std::nullopt;
    std::uint32_t number = 0;
    const char* const end = rest.data() + rest.size();
    const auto read = std::from_chars(rest.data() + 2, end, number, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return std::pair(rest[1], number);
}

std::string encode_definition(const Rule& rule, RuleStatus status) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.u64_be(rule.id);
    out.u8(static_cast<std::uint8_t>(status));
    out.varlong(rule.created_ms);
    put_text(out, rule.made_by);
    put_text(out, rule.plan->text);
    return std::string(as_text(bytes));
}

Result<std::shared_ptr<Rule>> decode_definition(std::string_view value) {
    ByteReader in(as_bytes(value));
    auto rule = decode(in);
    if (rule || rule.error().code == Errc::not_supported) return rule;
    return fail(Errc::corrupt, rule.error().context);
}

} // namespace holdfast::rules
