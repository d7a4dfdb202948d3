#pragma once

#include <holdfast/exec/row_source.hpp>
#include <holdfast/query/engine.hpp>

#include <optional>

namespace holdfast::query {

// One statement from text to answer, on one thread.
class StatementRun final : public exec::RowSource, public sql::Catalog {
public:
    StatementRun(const EngineSettings& settings, const Engine::Parts& parts)
        : settings_(settings), parts_(parts) {}

    [[nodiscard]] Result<Summary> run(const Request& request, Sink& sink);

private:
    [[nodiscard]] const sql::TableSchema* find_table(std::string_view name) const override;
    [[nodiscard]] bool has_stream(std::string_view name) const override;
    [[nodiscard]] std::optional<std::vector<std::string>> history_fields(
        std::string_view stream) const override;
    [[nodiscard]] std::vector<std::string> names() const override;
    [[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open(const sql::SourcePlan& source,
                                                             exec::Context& context) const override;
    [[nodiscard]] bool has_parts(const sql::SourcePlan& source) const override;
    [[nodiscard]] Result<std::unique_ptr<exec::PartsCursor>> open_parts(
        const sql::SourcePlan& source, const exec::PartsPlan& plan,
        exec::Context& context) const override;
    [[nodiscard]] std::string extent(const sql::SourcePlan& source) const override;
    // Of a source in the log, those that it reads.
    [[nodiscard]] std::vector<std::string> streams_of(const sql::SourcePlan& source) const;

    [[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open_stream(const sql::SourcePlan& source,
                                                                    exec::Context& context) const;
    // Whether the source may be answered by history and log together.
    [[nodiscard]] bool may_choose(const sql::SourcePlan& source) const noexcept;
    [[nodiscard]] bool may_read(SourceKind kind, std::string_view name) const;
    [[nodiscard]] Engine::PredictorOf models_for_asker() const;
    [[nodiscard]] const Table* table(std::string_view name) const;
    [[nodiscard]] Result<void> stream_rows(const sql::QueryPlan& plan, exec::Context& context,
                                           Sink& sink, Summary& summary) const;
    [[nodiscard]] Result<void> analyze(const sql::QueryPlan& plan, exec::Context& context,
                                       Sink& sink, Summary& summary);
    // What is not a query: rows of text.
    using Lines = std::vector<std::vector<std::string>>;
    [[nodiscard]] static Lines in_lines(std::vector<std::string> texts);
    [[nodiscard]] static Result<void> give(const std::vector<std::string>& names,
                                           const Lines& lines, Sink& sink, Summary& summary);
    [[nodiscard]] Result<Lines> shown(const std::string& what) const;
    [[nodiscard]] Result<Lines> described(const sql::RelationRef& relation) const;
    [[nodiscard]] Result<Lines> described_history(const sql::RelationRef& relation) const;

    const EngineSettings& settings_;
    const Engine::Parts& parts_;
    MayRead may_read_;
};

} // namespace holdfast::query
