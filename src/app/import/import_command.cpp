#include "app/import/import_command.hpp"

#include "app/command_line.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace holdfast::app {

ImportCommand::ImportCommand(CLI::App& cli) {
    command_ = cli.add_subcommand("import", "put a CSV file's rows into a stream");
    ImportArguments& to = arguments_;
    command_->add_option("file", to.file, "CSV with a header")->required();
    command_->add_option("--stream", to.stream, "where to put them; it must exist")->required();
    command_->add_option("--device", to.mapping.device_column, "column of the device")->required();
    command_->add_option("--time", to.mapping.time_column, "column of the event time")->required();
    const std::map<std::string, TimeFormat> formats{
        {"any", TimeFormat::any}, {"rfc3339", TimeFormat::rfc3339}, {"s", TimeFormat::s},
        {"ms", TimeFormat::ms},   {"us", TimeFormat::us},           {"ns", TimeFormat::ns}};
    command_
        ->add_option_function<std::string>(
            "--time-format",
            [&to, formats](const std::string& name) { to.mapping.time_format = formats.at(name); },
            "of the event time; any: told apart by what it looks like")
        ->check(CLI::IsMember({"any", "rfc3339", "s", "ms", "us", "ns"}));
    command_->add_option("--topic", to.mapping.topic, "of the records, as 'plant/{device}/state'");
    command_->add_option("--refused", to.refused_file,
                         "CSV to write refused rows to, with reasons");
    command_->add_option("--rate", to.rows_per_s, "rows a second at most")
        ->check(CLI::PositiveNumber);
    command_->add_flag("--dry-run", to.is_dry_run, "read and check, send nothing");
    add_server_options(*command_, to.server);
}

std::optional<int> ImportCommand::run() const {
    if (!command_->parsed()) return {};
    const auto totals = run_import(arguments_);
    if (!totals) return say_why(totals.error());
    const ImportTotals& rows = totals.value();
    if (arguments_.is_dry_run)
        fmt::print("{} rows are right, {} refused; the server was not asked\n", rows.stored,
                   rows.refused);
    else
        fmt::print("{} rows stored in '{}', {} refused\n", rows.stored, arguments_.stream,
                   rows.refused);
    return totals.value().refused == 0 ? 0 : kExitFailed;
}

} // namespace holdfast::app
