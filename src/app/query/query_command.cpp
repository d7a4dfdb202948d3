#include "app/query/query_command.hpp"

#include "app/query/query_prompt.hpp"
#include "app/query/result_table.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::size_t kTableBytesMax = 64U
                                       << 20U; // of the answer: a table is drawn when it is whole

// `name=value`: a number, true, false or null where it reads as one, else text; in single quotes
// always text.
Result<std::pair<std::string, query::Parameter>> read_param(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        return fail(Errc::malformed, fmt::format("--param {}: name=value is expected", text));
    const std::string value = text.substr(equals + 1);
    const char* end = value.data() + value.size();
    query::Parameter parameter = value;
    std::int64_t whole = 0;
    double number = 0;
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'')
        parameter = value.substr(1, value.size() - 2);
    else if (value == "null")
        parameter = std::monostate();
    else if (value == "true" || value == "false")
        parameter = value == "true";
    else if (std::from_chars(value.data(), end, whole).ptr == end && !value.empty())
        parameter = whole;
    else if (std::from_chars(value.data(), end, number).ptr == end && !value.empty())
        parameter = number;
    return std::pair(text.substr(0, equals), std::move(parameter));
}

Result<void> print_table(QueryTarget& target, const query::Request& request) {
    std::string answer;
    HF_TRY(target.ask(request, "json", [&answer](std::string_view piece) {
        answer += piece;
        return answer.size() <= kTableBytesMax;
    }));
    if (answer.size() > kTableBytesMax)
        return fail(Errc::too_large,
                    "the answer is too long for a table: LIMIT it, or take "
                    "--format csv");
    HF_TRY(const std::string table, result_table(answer));
    fmt::print("{}", table);
    return ok();
}

Result<void> print(QueryTarget& target, const query::Request& request, const std::string& format) {
    if (format == "table") return print_table(target, request);
    return target.ask(request, format, [](std::string_view piece) {
        std::fwrite(piece.data(), 1, piece.size(), stdout);
        return std::ferror(stdout) == 0;
    });
}

bool print_or_say(QueryTarget& target, const query::Request& request, const std::string& format) {
    const auto printed = print(target, request, format);
    std::fflush(stdout);
    if (printed) return true;
    fmt::print(stderr, "holdfast: {}\n", printed.error().context);
    return false;
}

// All statements of standard input; the first that fails ends it.
int run_input(QueryTarget& target, query::Request request, const std::string& format) {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    std::string_view rest = text;
    while (rest.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        bool is_ended = false;
        request.sql = first_statement(rest, is_ended);
        rest.remove_prefix(request.sql.size() + (is_ended ? 1 : 0));
        if (!print_or_say(target, request, format)) return 1;
    }
    return 0;
}

} // namespace

QueryCommand::QueryCommand(CLI::App& cli) {
    command_ = cli.add_subcommand("query", "ask the stored data in SQL");
    command_->add_option("sql", sql_, "the statement; without: a prompt, or standard input");
    add_server_options(*command_, server_);
    data_dir_option_ = command_->add_option("--data-dir", data_dir_,
                                            "ask this data directory instead of a server");
    command_->add_option("--format", format_, "table, csv, json or ndjson")
        ->check(CLI::IsMember({"table", "csv", "json", "ndjson"}))
        ->capture_default_str();
    command_->add_option("-p,--param", params_, "name=value for :name in the statement");
}

std::optional<int> QueryCommand::run() const {
    if (!command_->parsed()) return std::nullopt;
    query::Request request;
    for (const std::string& param : params_) {
        auto read = read_param(param);
        if (!read) {
            fmt::print(stderr, "holdfast: {}\n", read.error().context);
            return 1;
        }
        request.named.push_back(std::move(read).value());
    }
    auto target = data_dir_option_->count() != 0
                      ? query_directory(data_dir_)
                      : Result<std::unique_ptr<QueryTarget>>(query_server(server_));
    if (!target) {
        fmt::print(stderr, "holdfast: {}\n", target.error().context);
        return 1;
    }
    QueryTarget& asked = *target.value();
    if (!sql_.empty()) {
        request.sql = sql_;
        return print_or_say(asked, request, format_) ? 0 : 1;
    }
    if (::isatty(STDIN_FILENO) == 0) return run_input(asked, request, format_);
    run_query_prompt(format_, [&](const std::string& sql, std::string& format) {
        request.sql = sql;
        (void)print_or_say(asked, request, format); // said; the prompt goes on
    });
    return 0;
}

} // namespace holdfast::app
