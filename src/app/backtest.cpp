#include "app/backtest.hpp"

#include <holdfast/config/model_file.hpp>
#include <holdfast/models/backtest.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace holdfast::app {
namespace {

int failed(const std::string& why) {
    fmt::print(stderr, "holdfast backtest: {}\n", why);
    return 1;
}

} // namespace

int run_backtest(const BacktestArguments& arguments) {
    auto file = config::load_model(arguments.model_file);
    if (!file) return failed(file.error().context);
    if (!arguments.fields.empty()) file.value().fields = arguments.fields;
    const auto spec = models::check_model(file.value());
    if (!spec) return failed(spec.error().context);

    std::ifstream in(arguments.input_file, std::ios::binary);
    if (!in) return failed(arguments.input_file + ": " + std::strerror(errno));
    std::ofstream out(arguments.output_file, std::ios::binary | std::ios::trunc);
    if (!out) return failed(arguments.output_file + ": " + std::strerror(errno));
    const auto result =
        models::backtest(spec.value(), {arguments.time_column, arguments.input_file}, in, out);
    if (!result) return failed(arguments.input_file + ": " + result.error().context);
    fmt::print("{} rows scored, {} alarms raised, {} cleared\n", result.value().rows,
               result.value().alarms_raised, result.value().alarms_cleared);
    return 0;
}

} // namespace holdfast::app
