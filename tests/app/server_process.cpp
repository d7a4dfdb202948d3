#include "app/server_process.hpp"

#include <charconv>
#include <fstream>

namespace holdfast::test {
namespace {

std::vector<std::string> command(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{HOLDFAST_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

} // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& arguments)
    : Child(command(arguments)) {}

std::uint16_t port_in(const std::string& output, const std::string& listener) {
    const auto line = output.find("listening " + listener + " ");
    if (line == std::string::npos) return 0;
    const auto end = output.find('\n', line);
    const auto colon = output.rfind(':', end);
    std::uint16_t port = 0;
    std::from_chars(output.data() + colon + 1, output.data() + end, port);
    return port;
}

Outcome run_holdfast(const std::vector<std::string>& arguments) {
    ServerProcess process(arguments);
    Outcome outcome;
    outcome.exit_code = process.wait();
    outcome.output = process.output();
    outcome.errors = process.errors();
    return outcome;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

} // namespace holdfast::test
