#pragma once

#include <holdfast/ml/training/model_file.hpp>
#include <holdfast/ml/training/run_control.hpp>
#include <holdfast/pipeline/samples.hpp>
#include <holdfast/query/engine.hpp>

#include <vector>

namespace holdfast::query {

// The rows that a pipeline is trained on, asked of log and history as its `source` says. Engine and
// log outlive it. Thread-safe; it reads the disk.
class PipelineSource {
public:
    PipelineSource(const Engine& engine, const log::Log& log) : engine_(engine), log_(log) {}

    // Whether the rows could be read now, without reading one: malformed (no source, a query that
    // is none or does not give a column that the pipeline names), not_found, denied.
    [[nodiscard]] Result<void> check(const pipeline::Plan& plan, const MayRead& may_read) const;

    // All rows into `out`. Gives the records that the streams had in the log when the query began;
    // history may have given older ones besides. Errors: as above, those of the query and of
    // Samples::add(); closed where `control` says so. Progress is not told: nobody knows how many
    // rows there will be.
    [[nodiscard]] Result<std::vector<ml::DataRange>> read(const pipeline::Plan& plan,
                                                          const MayRead& may_read,
                                                          pipeline::Samples& out,
                                                          const ml::RunControl& control) const;

private:
    const Engine& engine_;
    const log::Log& log_;
};

} // namespace holdfast::query
