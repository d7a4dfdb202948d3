// Answers queries over records on stdin, one JSON line per query: what the comparison with DuckDB
// asks. Lines are `record <arrival ms> <topic> <payload>` or `query <sql>`.
#include "support/run_query.hpp"

#include <fmt/format.h>

#include <iostream>

using namespace holdfast;

int main() {
    test::TestRows rows;
    rows.add_stream("r", "t/+");
    for (std::string line; std::getline(std::cin, line);) {
        if (line.starts_with("query ")) {
            const auto answer = test::run_query(std::string_view(line).substr(6), rows, {});
            std::string out;
            if (!answer) {
                out = "{\"error\":";
                column::append_json_string(out, answer.error().context);
            } else {
                out = "{\"rows\":[";
                for (const auto& row : answer.value().rows) {
                    if (out.back() != '[') out += ',';
                    out += row;
                }
                out += "]";
            }
            fmt::print("{}}}\n", out);
            continue;
        }
        const std::size_t arrival = line.find(' ') + 1;
        const std::size_t topic = line.find(' ', arrival) + 1;
        const std::size_t payload = line.find(' ', topic) + 1;
        rows.add_record(line.substr(topic, payload - topic - 1), line.substr(payload),
                        std::stoll(line.substr(arrival)));
    }
    return 0;
}
