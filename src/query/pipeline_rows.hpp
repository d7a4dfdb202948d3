#pragma once

#include <holdfast/pipeline/samples.hpp>
#include <holdfast/query/engine.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::query {

// Rows of a query as samples of a pipeline. One thread.
class PipelineRows final : public Sink {
public:
    // Both outlive it.
    PipelineRows(const pipeline::Plan& plan, pipeline::Samples& out);

    // malformed, naming the column that the query does not give.
    Result<void> begin(const std::vector<std::string>& names) override;
    // malformed: a row without a time; what Samples::add() says.
    Result<void> rows(const column::Frame& batch) override;

private:
    [[nodiscard]] Result<void> add(const column::Frame& batch, std::size_t row);

    const pipeline::Plan& plan_;
    pipeline::Samples& out_;
    std::optional<std::size_t> device_; // columns, as are the next; none: all rows are of one
    std::size_t time_ = 0;
    std::size_t target_ = 0;
    std::vector<std::size_t> signals_;
    std::vector<double> values_;
    std::size_t rows_ = 0; // that came before
};

} // namespace holdfast::query
