#include "app/backtest.hpp"

#include "app/output_file.hpp"
#include "app/train/training_terminal.hpp"

#include <holdfast/config/config.hpp>
#include <holdfast/config/model_name.hpp>
#include <holdfast/models/backtest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace holdfast::app {
namespace {

int failed(const std::string& why) {
    fmt::print(stderr, "holdfast backtest: {}\n", why);
    return 1;
}

Result<config::ModelFile> model_named(const std::string& name, const std::string& config_file) {
    config::Config config = config::defaults();
    if (!config_file.empty()) {
        HF_TRY(config, config::load(config_file));
    }
    for (config::ModelFile& model : config.models)
        if (model.name == name) return std::move(model);
    const std::string place = config_file.empty() ? "the default configuration" : config_file;
    return fail(Errc::not_found,
                fmt::format("{} has no model '{}': -c names a configuration that has, "
                            "--model ./{} a file",
                            place, name, name));
}

// Whether writing the one would destroy the other.
bool is_same_file(const std::string& one, const std::string& other) {
    std::error_code ignored; // one that does not exist is another
    return std::filesystem::equivalent(one, other, ignored);
}

void print(const ml::LabelScores& scores) {
    const ml::Confusion& by = scores.confusion;
    fmt::print(
        "at the threshold: F1 {:.3f}, precision {:.3f}, recall {:.3f}; "
        "{} of {} labelled rows found, {} false\n"
        "whatever the threshold: ROC-AUC {:.3f}, PR-AUC {:.3f}\n",
        by.f1(), by.precision(), by.recall(), by.true_ones, by.true_ones + by.false_zeros,
        by.false_ones, scores.roc_auc, scores.pr_auc);
}

} // namespace

int run_backtest(const BacktestArguments& arguments) {
    // The usual path has a '/' or a '.' and is no name.
    auto file = config::is_model_name(arguments.model)
                    ? model_named(arguments.model, arguments.config_file)
                    : config::load_model(arguments.model);
    if (!file) return failed(file.error().context);
    if (!arguments.fields.empty()) file.value().fields = arguments.fields;
    const auto spec = models::check_model(file.value());
    if (!spec) return failed(spec.error().context);

    std::ifstream in(arguments.input_file, std::ios::binary);
    if (!in) return failed(arguments.input_file + ": " + std::strerror(errno));
    if (is_same_file(arguments.input_file, arguments.output_file) ||
        is_same_file(arguments.input_file, arguments.output_file + ".new"))
        return failed(arguments.output_file + ": is the input as well");
    OutputFile out; // what was there stays until all is well, labels included
    if (const auto opened = out.open(arguments.output_file); !opened)
        return failed(opened.error().context);
    std::error_code ignored; // without a size there is no bar
    const auto size = std::filesystem::file_size(arguments.input_file, ignored);
    std::optional<TrainingTerminal> terminal(std::in_place);
    models::BacktestOptions options{arguments.time_column, arguments.input_file,
                                    arguments.label_column};
    options.progress = [&](std::uint64_t bytes) {
        const double part = ignored ? 0.0 : static_cast<double>(bytes) / static_cast<double>(size);
        return terminal->step("scoring", std::min(part, 1.0));
    };
    const auto result = models::backtest(spec.value(), options, in, out.stream());
    terminal.reset(); // the bar goes before anything is said
    if (!result)      // its text does not tell which of the two
        return failed((out.stream() ? arguments.input_file : arguments.output_file) + ": " +
                      result.error().context);
    if (const auto kept = out.keep(); !kept) return failed(kept.error().context);
    fmt::print("{} rows scored, {} alarms raised, {} cleared\n", result.value().rows,
               result.value().alarms_raised, result.value().alarms_cleared);
    for (std::size_t i = 0; i < spec.value().fields.size(); ++i)
        if (const auto count = result.value().without_number[i]; count != 0)
            fmt::print("{} of {} cells of column '{}' are no numbers: taken as missing\n", count,
                       result.value().rows, spec.value().fields[i]);
    if (result.value().labels) print(*result.value().labels);
    return 0;
}

} // namespace holdfast::app
