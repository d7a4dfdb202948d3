#include "rules/rule.hpp"

#include "rules/state_codec.hpp"

#include <fmt/format.h>

namespace holdfast::rules {
namespace {

constexpr std::uint8_t kVersion = 1;

Result<std::shared_ptr<Rule>> decode(ByteReader& in) {
    HF_TRY(const auto version, in.u8());
    if (version != kVersion)
        return fail(Errc::not_supported, fmt::format("rule definition of version {}", version));
    auto rule = std::make_shared<Rule>();
    HF_TRY(rule->id, in.u64_be());
    HF_TRY(const auto status, in.u8());
    HF_TRY(rule->created_ms, in.varlong());
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

void Rule::add(const RuleCounts& more, const std::string& error) {
    const std::lock_guard lock(mutex);
    counts.records_in += more.records_in;
    counts.rows_out += more.rows_out;
    counts.late += more.late;
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

void Rule::stands_at(PartitionId partition, Offset next) {
    const std::lock_guard lock(mutex);
    positions[partition] = next;
}

void Rule::fail_with(const std::string& error) {
    const std::lock_guard lock(mutex);
    status = RuleStatus::failed;
    last_error = error;
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

std::string encode_definition(const Rule& rule, RuleStatus status) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.u64_be(rule.id);
    out.u8(static_cast<std::uint8_t>(status));
    out.varlong(rule.created_ms);
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
