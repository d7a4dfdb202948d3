#include "app/train/predict_command.hpp"

#include "app/command_line.hpp"
#include "app/train/csv_samples.hpp"
#include "app/train/training_terminal.hpp"

#include <holdfast/models/csv.hpp>
#include <holdfast/pipeline/applied_model.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

namespace holdfast::app {
namespace {

constexpr std::size_t kDevicesMax = 100'000;

Result<pipeline::AppliedModel> load(const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error && size > ml::kModelFileBytesMax)
        return fail(Errc::too_large,
                    fmt::format("{}: {} bytes; at most {}", file, size, ml::kModelFileBytesMax));
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (error || !in.is_open() || in.bad())
        return fail(Errc::io, fmt::format("cannot read {}", file));
    auto model = ml::decode_model(as_bytes(text));
    if (!model) return fail(model.error().code, fmt::format("{}: {}", file, model.error().context));
    auto applied = pipeline::AppliedModel::make(std::move(model).value());
    if (!applied)
        return fail(applied.error().code, fmt::format("{}: {}", file, applied.error().context));
    return applied;
}

// Each device has a stream of features of its own.
class Predictions {
public:
    Predictions(const pipeline::AppliedModel& model, std::ostream& out) : model_(model), out_(out) {
        out_ << "device,event_ms,prediction\n";
    }

    Result<void> add(const CsvSample& row) {
        auto device = devices_.find(row.device);
        if (device == devices_.end()) {
            if (devices_.size() == kDevicesMax)
                return fail(Errc::too_large, fmt::format("more than {} devices", kDevicesMax));
            device = devices_.emplace(row.device, model_).first;
        }
        const auto said = device->second.update(row.event_ms, row.signals);
        if (!said) return ok();
        out_ << models::csv_cell(row.device) << ',' << said->event_ms << ','
             << (std::isnan(said->value) ? "" : fmt::format("{}", said->value)) << '\n';
        ++rows_;
        return out_ ? ok() : Result<void>(fail(Errc::io, "the output cannot be written"));
    }

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t devices() const noexcept { return devices_.size(); }

private:
    const pipeline::AppliedModel& model_;
    std::ostream& out_;
    std::map<std::string, pipeline::DeviceModel, std::less<>> devices_;
    std::size_t rows_ = 0;
};

Result<void> predict(const PredictArguments& arguments) {
    HF_TRY(const pipeline::AppliedModel model, load(arguments.model_file));
    std::error_code ignored; // one that does not exist is another
    for (const std::string& input : {arguments.csv_file, arguments.model_file})
        if (std::filesystem::equivalent(input, arguments.output_file, ignored))
            return fail(Errc::malformed, arguments.output_file + ": is an input as well");
    std::ofstream out(arguments.output_file, std::ios::binary | std::ios::trunc);
    if (!out) return fail(Errc::io, "cannot write " + arguments.output_file);
    Predictions predictions(model, out);
    TrainingTerminal terminal;
    const auto progress = [&terminal](double part) { return terminal.step("predicting", part); };
    const auto take = [&predictions](const CsvSample& row) { return predictions.add(row); };
    HF_TRY(read_samples(arguments.csv_file, model.pipeline(), CsvTarget::left_out, progress, take));
    out.close();
    if (!out) return fail(Errc::io, "cannot write " + arguments.output_file);
    fmt::print("{} predictions for {} devices\n", predictions.rows(), predictions.devices());
    return ok();
}

} // namespace

PredictCommand::PredictCommand(CLI::App& cli) {
    command_ = cli.add_subcommand("predict", "what a trained model says of a recorded CSV");
    command_->add_option("model", arguments_.model_file, "file of `train --out`")->required();
    command_->add_option("--csv", arguments_.csv_file, "CSV with a header")->required();
    command_->add_option("--output", arguments_.output_file, "CSV of predictions")->required();
}

std::optional<int> PredictCommand::run() const {
    if (!command_->parsed()) return {};
    const auto done = predict(arguments_);
    return done ? 0 : say_why(done.error());
}

} // namespace holdfast::app
