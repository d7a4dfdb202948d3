#include "sql/expression_parser.hpp"
#include "sql/token_cursor.hpp"

#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::sql {
namespace {

// Parses the clauses of CREATE RULE in the order of the grammar.
class RuleParser {
public:
    RuleParser(TokenCursor& cursor, std::string_view sql) : cursor_(cursor), sql_(sql) {}

    Result<RuleStatement> run() {
        const std::size_t begin = cursor_.peek().begin;
        HF_TRY(head());
        HF_TRY(items());
        HF_TRY(cursor_.expect("FROM"));
        HF_TRY(source());
        if (cursor_.accept("WHERE")) {
            HF_TRY(rule_.where, parse_expression(cursor_));
        }
        HF_TRY(group_by());
        if (cursor_.accept("HAVING")) {
            HF_TRY(rule_.having, parse_expression(cursor_));
        }
        HF_TRY(alarm());
        HF_TRY(actions());
        if (!cursor_.at_end() && !cursor_.peek().is_symbol(";")) return unexpected();
        const std::string_view text = sql_.substr(begin, cursor_.peek().begin - begin);
        if (text.size() > kRuleBytesMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("rule '{}' is longer than 64 KiB", rule_.name));
        rule_.text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
        return std::move(rule_);
    }

private:
    // Words that begin what the dialect has and this engine does not serve yet.
    [[nodiscard]] Error unexpected() const {
        struct Later {
            std::string_view word;
            std::string_view what;
        };
        constexpr std::array kLater{Later{"JOIN", "joins are"},
                                    Later{"LEFT", "joins are"},
                                    Later{"INNER", "joins are"},
                                    Later{"ANTI", "joins are"},
                                    Later{"QUALIFY", "QUALIFY is"},
                                    Later{"MATCH", "MATCH patterns are"},
                                    Later{"DEDUPLICATE", "DEDUPLICATE is"},
                                    Later{"LIMIT", "LIMIT is"},
                                    Later{"ABSENCE", "ABSENCE is"},
                                    Later{"ORDER", "ORDER BY is"},
                                    Later{"ON", "ON ERROR is"},
                                    Later{"FROM", "a start position is"},
                                    Later{"UNION", "UNION is"},
                                    Later{"RETAIN", "RETAIN is"},
                                    Later{"PRIORITY", "PRIORITY is"},
                                    Later{"UNNEST", "UNNEST is"},
                                    Later{"WITH", "WITH is"},
                                    Later{"OVER", "OVER is"}};
        for (const Later& each : kLater)
            if (cursor_.peek().is(each.word)) return cursor_.not_served(each.what);
        return cursor_.expected("the next clause or the end");
    }

    Result<std::string> name(std::string_view what) {
        const Token& token = cursor_.peek();
        const bool is_name = token.kind == TokenKind::quoted_word ||
                             (token.kind == TokenKind::word && !is_reserved(token));
        if (!is_name) return cursor_.expected(what);
        if (token.text.empty() || token.text.size() > 200)
            return error_at(Errc::malformed, token.at, "a name has 1 to 200 bytes");
        return cursor_.take().text;
    }
    Result<std::string> quoted_text(std::string_view what) {
        if (cursor_.peek().kind != TokenKind::text) return cursor_.expected(what);
        if (cursor_.peek().text.empty() || cursor_.peek().text.size() > 1000)
            return error_at(Errc::malformed, cursor_.peek().at,
                            fmt::format("{} has 1 to 1000 bytes", what));
        return cursor_.take().text;
    }

    Result<void> head() {
        if (cursor_.peek().is("SELECT") || cursor_.peek().is("WITH"))
            return cursor_.not_served("a query outside of CREATE RULE is");
        HF_TRY(cursor_.expect("CREATE"));
        if (cursor_.accept("OR")) {
            HF_TRY(cursor_.expect("REPLACE"));
            rule_.or_replace = true;
            if (cursor_.peek().is("KEEP")) return cursor_.not_served("KEEP STATE is");
        }
        HF_TRY(cursor_.expect("RULE"));
        const Position at = cursor_.peek().at;
        HF_TRY(rule_.name, name("a rule name"));
        const bool is_plain = std::all_of(rule_.name.begin(), rule_.name.end(), [](char c) {
            return c == '_' || c == '-' || c == '.' || (c >= '0' && c <= '9') ||
                   (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        });
        if (!is_plain || rule_.name.size() > 100)
            return error_at(Errc::malformed, at,
                            "a rule name has at most 100 of the characters a-z A-Z 0-9 . _ -");
        if (!cursor_.peek().is("AS")) {
            if (cursor_.peek().is("PRIORITY") || cursor_.peek().is("LIMIT")) return unexpected();
        }
        HF_TRY(cursor_.expect("AS"));
        if (cursor_.peek().is("WITH")) return cursor_.not_served("WITH is");
        return cursor_.expect("SELECT");
    }

    Result<void> items() {
        if (cursor_.peek().is_symbol("*")) return cursor_.not_served("SELECT * is");
        if (cursor_.peek().is("DISTINCT")) return cursor_.not_served("SELECT DISTINCT is");
        do {
            if (rule_.items.size() == kItemsMax)
                return error_at(Errc::limit_exceeded, cursor_.peek().at, "more than 200 items");
            RuleStatement::Item item;
            item.at = cursor_.peek().at;
            HF_TRY(item.expression, parse_expression(cursor_));
            if (cursor_.accept("AS") ||
                (cursor_.peek().kind == TokenKind::word && !is_reserved(cursor_.peek()))) {
                HF_TRY(item.name, name("a name"));
            } else {
                item.name = name_of(*item.expression);
            }
            rule_.items.push_back(std::move(item));
        } while (cursor_.accept_symbol(","));
        return ok();
    }
    // The last member of a path, the function of a call, else `column<n>`.
    [[nodiscard]] std::string name_of(const Expression& e) const {
        if (e.kind == ExpressionKind::call) return e.text;
        if (e.kind == ExpressionKind::name)
            for (auto step = e.path.steps.rbegin(); step != e.path.steps.rend(); ++step)
                if (const auto* member = std::get_if<std::string>(&*step)) return *member;
        return fmt::format("column{}", rule_.items.size() + 1);
    }

    Result<void> source() {
        auto& source = rule_.source;
        source.at = cursor_.peek().at;
        if (cursor_.peek().is_symbol("(")) return cursor_.not_served("sub-queries are");
        if (cursor_.peek().is("TABLE")) return cursor_.not_served("TABLE() is");
        if (cursor_.peek().is("UNNEST")) return cursor_.not_served("UNNEST is");
        source.is_filter = cursor_.peek().kind == TokenKind::text;
        if (source.is_filter) {
            HF_TRY(source.name, quoted_text("a topic filter"));
        } else {
            HF_TRY(source.name, name("a stream or a topic filter in quotes"));
        }
        if (cursor_.accept("AS") ||
            (cursor_.peek().kind == TokenKind::word && !is_reserved(cursor_.peek()))) {
            HF_TRY(source.alias, name("an alias"));
        }
        if (cursor_.accept("EVENT")) {
            HF_TRY(cursor_.expect("TIME"));
            HF_TRY(auto path, parse_name(cursor_));
            source.event_time = std::move(path->path);
        }
        if (cursor_.accept("WATERMARK")) {
            const bool is_zero =
                cursor_.peek().kind == TokenKind::duration && cursor_.peek().number == 0;
            if (is_zero) {
                cursor_.take();
            } else {
                HF_TRY(source.watermark_us, parse_duration(cursor_));
            }
        }
        if (cursor_.accept("LATE") && !cursor_.accept("DROP")) {
            HF_TRY(cursor_.expect("TO"));
            HF_TRY(source.late_topic, quoted_text("a topic"));
        }
        if (cursor_.peek().is_symbol(",")) return cursor_.not_served("more than one source is");
        return ok();
    }

    Result<void> group_by() {
        if (!cursor_.accept("GROUP")) return ok();
        HF_TRY(cursor_.expect("BY"));
        bool by_device = false;
        do {
            HF_TRY(group_key(by_device));
        } while (cursor_.accept_symbol(","));
        if (!rule_.is_windowed) return cursor_.not_served("GROUP BY without TUMBLE(...) is");
        if (!by_device) return cursor_.not_served("GROUP BY without device is");
        return ok();
    }
    Result<void> group_key(bool& by_device) {
        const Token& token = cursor_.peek();
        for (const char* window : {"HOP", "SESSION", "COUNTWINDOW", "STATEWINDOW"})
            if (token.is(window)) return cursor_.not_served(fmt::format("{} windows are", window));
        if (token.is("TUMBLE") && cursor_.peek(1).is_symbol("(")) {
            if (rule_.is_windowed) return cursor_.not_served("a second window is");
            cursor_.take();
            cursor_.take();
            rule_.is_windowed = true;
            HF_TRY(rule_.tumble_us, parse_duration(cursor_));
            if (cursor_.peek().is_symbol(",")) return cursor_.not_served("TUMBLE with TZ is");
            return cursor_.expect_symbol(")");
        }
        const bool is_device = token.kind == TokenKind::word && token.text == "device";
        if (!is_device || by_device)
            return cursor_.not_served("GROUP BY other than device, TUMBLE(...) is");
        by_device = true;
        cursor_.take();
        return ok();
    }

    Result<void> alarm() {
        if (!cursor_.accept("ALARM")) return ok();
        RuleStatement::Alarm alarm;
        HF_TRY(alarm.name, quoted_text("an alarm name"));
        HF_TRY(cursor_.expect("PER"));
        HF_TRY(alarm.per, parse_expression(cursor_));
        if (cursor_.accept("SEVERITY")) {
            HF_TRY(alarm.severity, parse_expression(cursor_));
        }
        HF_TRY(cursor_.expect("RAISE"));
        HF_TRY(cursor_.expect("WHEN"));
        HF_TRY(alarm.raise, parse_expression(cursor_));
        if (cursor_.accept("FOR")) {
            HF_TRY(alarm.raise_for_us, parse_duration(cursor_));
        }
        HF_TRY(cursor_.expect("CLEAR"));
        HF_TRY(cursor_.expect("WHEN"));
        HF_TRY(alarm.clear, parse_expression(cursor_));
        if (cursor_.accept("FOR")) {
            HF_TRY(alarm.clear_for_us, parse_duration(cursor_));
        }
        rule_.alarm = std::move(alarm);
        return ok();
    }

    Result<void> actions() {
        while (cursor_.accept("THEN")) {
            if (rule_.actions.size() == kActionsMax)
                return error_at(Errc::limit_exceeded, cursor_.peek().at, "more than 16 actions");
            RuleStatement::Action action;
            for (const char* later : {"WEBHOOK", "EMAIL", "STORE", "COMMAND"})
                if (cursor_.peek().is(later))
                    return cursor_.not_served(fmt::format("THEN {} is", later));
            action.is_publish = cursor_.peek().is("PUBLISH");
            if (!action.is_publish && !cursor_.peek().is("APPEND"))
                return cursor_.expected("PUBLISH or APPEND");
            cursor_.take();
            action.at = cursor_.peek().at;
            if (action.is_publish) {
                HF_TRY(action.target, quoted_text("a topic"));
            } else {
                HF_TRY(action.target, name("a stream"));
            }
            if (action.is_publish && cursor_.accept("QOS")) {
                HF_TRY(qos(action));
            }
            if (cursor_.peek().is("RETAIN")) return unexpected();
            rule_.actions.push_back(std::move(action));
        }
        return ok();
    }
    Result<void> qos(RuleStatement::Action& action) {
        const Token& token = cursor_.peek();
        if (token.kind != TokenKind::integer || token.number < 0 || token.number > 2)
            return cursor_.expected("0 or 1");
        if (token.number == 2) return cursor_.not_served("QOS 2 is");
        action.qos = static_cast<std::uint8_t>(cursor_.take().number);
        return ok();
    }

    TokenCursor& cursor_;
    std::string_view sql_;
    RuleStatement rule_;
};

} // namespace

Result<std::vector<RuleStatement>> parse_rules(std::string_view sql) {
    HF_TRY(auto tokens, tokenize(sql));
    TokenCursor cursor(std::move(tokens));
    std::vector<RuleStatement> rules;
    while (cursor.accept_symbol(";")) {}
    while (!cursor.at_end()) {
        HF_TRY(auto rule, RuleParser(cursor, sql).run());
        rules.push_back(std::move(rule));
        while (cursor.accept_symbol(";")) {}
    }
    return rules;
}

Result<RuleStatement> parse_rule(std::string_view sql) {
    HF_TRY(auto rules, parse_rules(sql));
    if (rules.empty()) return fail(Errc::malformed, "line 1, column 1: CREATE RULE is expected");
    if (rules.size() > 1) return fail(Errc::malformed, "one CREATE RULE is expected, not several");
    return std::move(rules.front());
}

} // namespace holdfast::sql
