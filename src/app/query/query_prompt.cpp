#include "app/query/query_prompt.hpp"

#include <fmt/format.h>

#include <editline/readline.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace holdfast::app {
namespace {

constexpr int kHistoryMax = 1'000;

constexpr const char* kHelp =
    "  SELECT ... ;     a statement ends with a semicolon, and may take many lines\n"
    "  .tables          what can be asked beside streams and topic filters\n"
    "  .format NAME     table, csv, json or ndjson\n"
    "  .help            this\n"
    "  .quit            or Ctrl-D\n"
    "The dialect is described in docs/sql.md.\n";

struct Free {
    void operator()(char* text) const noexcept { std::free(text); } // of malloc, by readline()
};

std::string history_file() {
    const char* home = std::getenv("HOME");
    return home != nullptr ? std::string(home) + "/.holdfast_history" : std::string();
}

// True where the prompt goes on.
bool run_command(const std::string& line, std::string& format, const RunStatement& run) {
    if (line == ".quit" || line == ".exit") return false;
    if (line == ".tables") {
        run("SHOW TABLES", format);
    } else if (line.starts_with(".format ")) {
        const std::string name = line.substr(8);
        if (name == "table" || name == "csv" || name == "json" || name == "ndjson")
            format = name;
        else
            fmt::print("'{}' is none of table, csv, json, ndjson\n", name);
    } else {
        if (line != ".help") fmt::print("'{}' is none of these:\n", line);
        fmt::print("{}", kHelp);
    }
    return true;
}

} // namespace

std::string_view first_statement(std::string_view text, bool& is_ended) {
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            if (c == quote) quote = 0; // a doubled one opens again at once
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '-' && text.substr(i).starts_with("--")) {
            i = std::min(text.find('\n', i), text.size() - 1);
        } else if (c == ';') {
            is_ended = true;
            return text.substr(0, i);
        }
    }
    is_ended = false;
    return text;
}

void run_query_prompt(std::string format, const RunStatement& run) {
    const std::string history = history_file();
    using_history();
    stifle_history(kHistoryMax);
    if (!history.empty()) read_history(history.c_str());
    fmt::print("holdfast query: .help for help\n");
    std::string text;
    for (;;) {
        const std::unique_ptr<char, Free> line(readline(text.empty() ? "sql> " : "...> "));
        if (!line) break;
        if (text.empty() && line.get()[0] == '\0') continue;
        add_history(line.get());
        if (text.empty() && line.get()[0] == '.') {
            if (!run_command(line.get(), format, run)) break;
            continue;
        }
        text += line.get();
        text += '\n';
        for (bool is_ended = true; is_ended;) {
            const std::string statement(first_statement(text, is_ended));
            if (!is_ended) break;
            text.erase(0, statement.size() + 1);
            run(statement, format);
        }
        if (text.find_first_not_of(" \t\n") == std::string::npos) text.clear();
    }
    fmt::print("\n");
    if (!history.empty()) write_history(history.c_str());
}

} // namespace holdfast::app
