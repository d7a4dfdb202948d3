#include "app/access_command.hpp"
#include "app/backtest.hpp"
#include "app/backup_command.hpp"
#include "app/cert_command.hpp"
#include "app/clients_command.hpp"
#include "app/command_line.hpp"
#include "app/import/import_command.hpp"
#include "app/init/init_command.hpp"
#include "app/log_command.hpp"
#include "app/query/query_command.hpp"
#include "app/rule_test.hpp"
#include "app/serve.hpp"
#include "app/token_command.hpp"
#include "app/train/predict_command.hpp"
#include "app/train/train_command.hpp"
#include "app/user_command.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    CLI::App cli{"Holdfast: the IoT stack of a site in one process"};
    cli.require_subcommand(1);
    cli.set_version_flag("--version", "holdfast " HOLDFAST_VERSION);

    holdfast::app::ServeArguments serve;
    auto* serve_command = cli.add_subcommand("serve", "run the server");
    serve_command->add_option("-c,--config", serve.config_file, "YAML file; without: defaults");
    serve_command->add_option("--data-dir", serve.data_dir, "where to keep data");

    std::string config_file;
    auto* check_command = cli.add_subcommand("check", "validate a config file");
    check_command->add_option("-c,--config", config_file, "YAML file")->required();

    holdfast::app::BacktestArguments backtest;
    auto* backtest_command = cli.add_subcommand("backtest", "score a recorded CSV with a model");
    backtest_command->add_option("--model", backtest.model, "model file, or name")->required();
    backtest_command->add_option("-c,--config", backtest.config_file, "YAML file with the name");
    backtest_command->add_option("--input", backtest.input_file, "CSV with a header")->required();
    backtest_command->add_option("--output", backtest.output_file, "CSV of scores")->required();
    backtest_command->add_option("--time", backtest.time_column, "column of the event time");
    backtest_command->add_option("--label", backtest.label_column,
                                 "column that is not 0 where something was wrong");
    backtest_command->add_option("--fields", backtest.fields, "columns instead of the model's")
        ->delimiter(',');

    auto* rule_command = cli.add_subcommand("rule", "work on SQL rules");
    rule_command->require_subcommand(1);
    holdfast::app::RuleTestArguments rule_test;
    auto* rule_test_command = rule_command->add_subcommand("test", "run a rule over events");
    rule_test_command->add_option("file", rule_test.rule_file, "SQL file")->required();
    rule_test_command->add_option("--events", rule_test.events_file, "NDJSON file")->required();
    rule_test_command->add_option("--format", rule_test.format, "text or ndjson")
        ->check(CLI::IsMember({"text", "ndjson"}));

    const holdfast::app::LogCommand log_command(cli);
    const holdfast::app::BackupCommand backup_command(cli);
    const holdfast::app::QueryCommand query_command(cli);
    const holdfast::app::ImportCommand import_command(cli);
    const holdfast::app::TrainCommand train_command(cli);
    const holdfast::app::PredictCommand predict_command(cli);
    const holdfast::app::InitCommand init_command(cli);
    const holdfast::app::CertCommand cert_command(cli);
    const holdfast::app::UserCommand user_command(cli);
    const holdfast::app::TokenCommand token_command(cli);
    const holdfast::app::AccessCommand access_command(cli);
    const holdfast::app::ClientsCommand clients_command(cli);

    try {
        if (const auto code = holdfast::app::read_command_line(cli, argc, argv)) return *code;
        if (serve_command->parsed()) return holdfast::app::serve(serve);
        if (check_command->parsed()) return holdfast::app::check(config_file);
        if (backtest_command->parsed()) return holdfast::app::run_backtest(backtest);
        if (rule_test_command->parsed()) return holdfast::app::run_rule_test(rule_test);
        if (const auto code = log_command.run()) return *code;
        if (const auto code = backup_command.run()) return *code;
        if (const auto code = query_command.run()) return *code;
        if (const auto code = import_command.run()) return *code;
        if (const auto code = train_command.run()) return *code;
        if (const auto code = predict_command.run()) return *code;
        if (const auto code = init_command.run()) return *code;
        if (const auto code = cert_command.run()) return *code;
        if (const auto code = user_command.run()) return *code;
        if (const auto code = token_command.run()) return *code;
        if (const auto code = access_command.run()) return *code;
        if (const auto code = clients_command.run()) return *code;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "holdfast: %s\n", failure.what());
    }
    return 1;
}
