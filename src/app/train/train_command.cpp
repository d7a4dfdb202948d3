#include "app/train/train_command.hpp"

#include "app/command_line.hpp"
#include "app/train/csv_samples.hpp"
#include "app/train/training_terminal.hpp"

#include <holdfast/config/pipeline_file.hpp>
#include <holdfast/pipeline/training.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace holdfast::app {
namespace {

Result<pipeline::Trained> train(const TrainArguments& arguments) {
    HF_TRY(config::PipelineFile file, config::load_pipeline(arguments.pipeline_file));
    HF_TRY(const pipeline::Plan plan, pipeline::check_pipeline(std::move(file)));
    TrainingTerminal terminal;
    pipeline::Samples samples(plan);
    const auto progress = [&terminal](double part) { return terminal.step("reading", part); };
    const auto take = [&samples](const CsvSample& row) {
        return samples.add(row.device, row.event_ms, row.signals, row.target);
    };
    HF_TRY(read_samples(arguments.csv_file, plan.file, CsvTarget::wanted, progress, take));
    HF_TRY(const pipeline::TrainingRows rows, samples.rows());
    return pipeline::train(plan, rows, terminal.control("training"));
}

// Beside its place first: a model that is there is replaced whole or not at all.
Result<void> write_model(const ml::TrainedModel& model, const std::string& file) {
    const Bytes bytes = ml::encode_model(model);
    const std::string beside = file + ".new";
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(beside, file, error);
    if (out && !error) return ok();
    std::error_code ignored; // there may be none
    std::filesystem::remove(beside, ignored);
    return fail(Errc::io, fmt::format("cannot write {}{}{}", file, error ? ": " : "",
                                      error ? error.message() : ""));
}

// Whoever mistypes a name keeps his recording.
Result<void> check_output(const TrainArguments& arguments) {
    std::error_code ignored; // one that does not exist is another
    for (const std::string& input : {arguments.csv_file, arguments.pipeline_file})
        if (std::filesystem::equivalent(input, arguments.model_file, ignored))
            return fail(Errc::malformed, arguments.model_file + ": is an input as well");
    return ok();
}

} // namespace

TrainCommand::TrainCommand(CLI::App& cli) {
    command_ = cli.add_subcommand("train", "train a model on a recorded CSV");
    TrainArguments& to = arguments_;
    command_->add_option("pipeline", to.pipeline_file, "pipeline file (YAML)")->required();
    command_->add_option("--csv", to.csv_file, "CSV with a header")->required();
    command_->add_option("--out", to.model_file, "file for the trained model");
    command_->add_flag("--json", to.is_json, "report as JSON");
}

std::optional<int> TrainCommand::run() const {
    if (!command_->parsed()) return {};
    if (const auto sound = check_output(arguments_); !sound) return say_why(sound.error());
    const auto trained = train(arguments_);
    if (!trained) return say_why(trained.error());
    if (!arguments_.model_file.empty())
        if (const auto written = write_model(trained.value().model, arguments_.model_file);
            !written)
            return say_why(written.error());
    const pipeline::Report& report = trained.value().report;
    fmt::print("{}", arguments_.is_json ? pipeline::report_json(report) + "\n"
                                        : pipeline::report_text(report));
    return 0;
}

} // namespace holdfast::app
