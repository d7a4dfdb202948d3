#include "app/server_options.hpp"

#include "app/text_file.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::size_t kTokenBytesMax = 4096;

// Neither on the command line, where others see it, nor in a shell's history.
Result<std::string> token_of(const ServerOptions& options) {
    if (options.token_file.empty()) {
        const char* const set = std::getenv("HOLDFAST_TOKEN");
        return std::string(set != nullptr ? set : "");
    }
    HF_TRY(std::string text, read_text_file(options.token_file, kTokenBytesMax));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

// It becomes a part of a header: another line in it would be one more header.
bool could_be_token(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

} // namespace

void add_server_options(CLI::App& command, ServerOptions& options) {
    command.add_option("--url", options.address.url, "the server")->capture_default_str();
    command.add_option("--ca", options.address.ca,
                       "PEM: the CA of an https server (the system's CAs)");
    command.add_option("--token-file", options.token_file,
                       "file with an API token; default: HOLDFAST_TOKEN, or none");
}

Result<gateway::HttpClient> connect_to(const ServerOptions& options) {
    gateway::ServerAddress address = options.address;
    HF_TRY(address.token, token_of(options));
    if (!could_be_token(address.token))
        return fail(Errc::malformed, fmt::format("{}: this is not an API token",
                                                 options.token_file.empty() ? "HOLDFAST_TOKEN"
                                                                            : options.token_file));
    return gateway::HttpClient::connect(address);
}

} // namespace holdfast::app
