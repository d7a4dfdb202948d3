#include <holdfast/pipeline/source.hpp>

#include <holdfast/column/field.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <cassert>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::pipeline {
namespace {

Error wrong(const std::string& where, const std::string& why) {
    return fail(Errc::malformed, where + ": " + why);
}

std::string in_quotes(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) out.append(c == quote ? 2 : 1, c);
    return out + quote;
}

// A path into the payload: quoted, so that no column of the record hides it.
std::string sql_path(const column::Path& path) {
    std::string out;
    for (const auto& step : path.steps) {
        if (const auto* element = std::get_if<std::int64_t>(&step)) {
            out += fmt::format("[{}]", *element);
            continue;
        }
        if (!out.empty()) out += '.';
        out += in_quotes(std::get<std::string>(step), '"');
    }
    return out;
}

std::string sql_path(const std::string& name) {
    return sql_path(column::Path::parse(name).value());
}

// Records have a device of their own; any other name is a path.
std::string sql_device(const std::string& name) {
    if (name.empty()) return "''";
    return name == "device" || name == "topic" ? name : sql_path(name);
}

Result<void> check_path(const config::PipelineFile& file, std::string_view key,
                        const std::string& name) {
    if (name.empty()) return ok();
    const auto path = column::Path::parse(name);
    if (path) return ok();
    return wrong(file.where(key), fmt::format("'{}': {}", name, path.error().context));
}

} // namespace

Result<void> check_source(const config::PipelineFile& file) {
    const config::PipelineSource& source = file.source;
    for (const std::string& each : {source.from, source.to})
        if (!each.empty() && !column::parse_timestamp(each))
            return wrong(source.where, fmt::format("'{}' is no time", each));
    if (!source.from.empty() && !source.to.empty() &&
        *column::parse_timestamp(source.from) >= *column::parse_timestamp(source.to))
        return wrong(source.where, fmt::format("from {} to {} is no time", source.from, source.to));
    if (source.stream.empty()) return ok(); // columns of a query may have any name
    HF_TRY(check_path(file, "device", file.device));
    HF_TRY(check_path(file, "time", file.time));
    HF_TRY(check_path(file, "target", file.target.empty() ? file.end : file.target));
    for (const std::string& signal : file.signals) {
        HF_TRY(check_path(file, "signals", signal));
    }
    return ok();
}

std::string source_sql(const config::PipelineFile& file) {
    const config::PipelineSource& source = file.source;
    assert(source.is_given());
    if (!source.query.empty()) return source.query;
    std::vector<std::string> columns;
    columns.push_back(sql_device(file.device));
    columns.emplace_back("ts");
    for (const std::string& signal : file.signals) columns.push_back(sql_path(signal));
    columns.push_back(sql_path(file.target.empty() ? file.end : file.target));
    std::string sql =
        fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), in_quotes(source.stream, '"'));
    if (file.time != "ts") sql += " EVENT TIME " + sql_path(file.time);
    const auto bound = [&sql](std::string_view word, std::string_view sign,
                              const std::string& time) {
        if (!time.empty())
            sql += fmt::format(" {} ts {} TIMESTAMP {}", word, sign, in_quotes(time, '\''));
    };
    bound("WHERE", ">=", source.from);
    bound(source.from.empty() ? "WHERE" : "AND", "<", source.to);
    return sql;
}

} // namespace holdfast::pipeline
