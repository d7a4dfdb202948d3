#include "app/command_line.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::app {
namespace {

constexpr std::size_t kTypingSlips = 2;

// How many letters must be added, taken away or changed (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[to.size()];
}

std::vector<std::string> commands_of(CLI::App& cli) {
    std::vector<std::string> names;
    for (const CLI::App* command : cli.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

// The library speaks of "arguments not expected"; a mistyped command should be named as one.
std::optional<std::string> unknown_command(CLI::App& cli, int argc, char** argv) {
    CLI::App* at = &cli;
    for (int i = 1; i < argc && at->get_require_subcommand_min() > 0; ++i) {
        const std::string word = argv[i];
        if (word.starts_with('-')) return std::nullopt;
        const auto named =
            at->get_subcommands([&](CLI::App* it) { return it->get_name() == word; });
        if (!named.empty()) {
            at = named.front();
            continue;
        }
        std::string text = fmt::format("'{}' is no command", word);
        if (at != &cli) text += fmt::format(" of '{}'", at->get_name());
        const auto names = commands_of(*at);
        const auto nearest = std::ranges::min_element(
            names, {}, [&](const std::string& name) { return distance(word, name); });
        if (nearest != names.end() && distance(word, *nearest) <= kTypingSlips)
            return text + fmt::format("; did you mean '{}'?", *nearest);
        return text + fmt::format("; there are {}", fmt::join(names, ", "));
    }
    return std::nullopt;
}

} // namespace

std::optional<int> read_command_line(CLI::App& cli, int argc, char** argv) {
    if (const auto unknown = unknown_command(cli, argc, argv)) {
        fmt::print(stderr, "holdfast: {}\n", *unknown);
        return kExitUsage;
    }
    if (argc < 2) {
        fmt::print(stderr, "{}", cli.help());
        return kExitUsage;
    }
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) { // also thrown for --help, then with code 0
        return cli.exit(error) == 0 ? 0 : kExitUsage;
    }
    return std::nullopt;
}

int say_why(const Error& error, int exit_code) {
    fmt::print(stderr, "holdfast: {}\n", error.context);
    return exit_code;
}

} // namespace holdfast::app
