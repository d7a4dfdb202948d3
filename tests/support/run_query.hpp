#pragma once

#include "support/test_rows.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/exec/explain.hpp>

namespace holdfast::test {

// What a query gave: a JSON array per row.
struct TestAnswer {
    std::vector<std::string> names;
    std::vector<std::string> rows;
    std::uint64_t mismatches = 0;
};

inline Result<TestAnswer> run_query(std::string_view sql, const TestRows& rows,
                                    const sql::Bindings& bindings, exec::Limits limits = {}) {
    HF_TRY(const auto statement, sql::parse_statement(sql));
    HF_TRY(const auto plan, sql::bind_query(statement.query, rows, bindings));
    const auto root = exec::build(plan, rows);
    TestAnswer answer;
    answer.names = plan.names;
    if (statement.kind == sql::Statement::Kind::explain) {
        answer.rows = exec::explain(*root);
        return answer;
    }
    const SystemClock clock;
    exec::Context context(std::move(limits), clock);
    HF_TRY(const auto cursor, root->open(context));
    for (column::Frame frame;;) {
        HF_TRY(const bool any, cursor->next(frame));
        if (!any) break;
        for (std::size_t row = 0; row < frame.rows; ++row) {
            std::string json = "[";
            for (std::size_t c = 0; c < plan.names.size(); ++c) {
                if (c != 0) json += ',';
                column::append_json(json, frame.columns[c]->at(row));
            }
            answer.rows.push_back(json + "]");
        }
    }
    answer.mismatches = context.mismatches;
    return answer;
}

} // namespace holdfast::test
