#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace holdfast::test {

// Files of SQL with the expected answer, as sqllogictest has them. Blocks are divided by blank
// lines:
//
//   records                    table name(column, ...)      stream name = filter
//   topic {"payload": 1}       [1, "a"]
//
//   query                      error                        explain
//   SELECT ...                 SELECT ...                   SELECT ...
//   ----                       ----                         ----
//   [1, "a"]                   line 1, column 8: ...        lines of the plan
//
// `query sorted` compares rows in any order, `query mismatches 2` also counts what became NULL.
// Lines that begin with # are comments. In markdown only blocks fenced by ```sql are read, those
// that hold `----`.
struct SqlBlock {
    std::string kind; // the first line
    std::vector<std::string> lines;
    std::vector<std::string> expected; // behind ----
    bool has_expected = false;
    int line = 0;

    [[nodiscard]] std::string text() const {
        std::string out;
        for (const auto& each : lines) out += (out.empty() ? "" : "\n") + each;
        return out;
    }
};

inline std::vector<SqlBlock> read_sql_blocks(const std::string& path) {
    std::ifstream in(path);
    const bool is_markdown = path.ends_with(".md");
    bool is_inside = !is_markdown;
    std::vector<SqlBlock> blocks;
    bool is_open = false;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        if (is_markdown && line.starts_with("```")) {
            is_inside = !is_inside && line == "```sql";
            is_open = false;
            continue;
        }
        if (!is_inside || line.starts_with("#")) continue;
        if (line.empty()) {
            is_open = false;
            continue;
        }
        if (!is_open) {
            blocks.push_back({line, {}, {}, false, number});
            is_open = true;
            continue;
        }
        SqlBlock& block = blocks.back();
        if (line == "----") {
            block.has_expected = true;
        } else {
            (block.has_expected ? block.expected : block.lines).push_back(line);
        }
    }
    return blocks;
}

} // namespace holdfast::test
