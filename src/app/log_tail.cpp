#include "app/log_tail.hpp"

#include "app/percent_encode.hpp"

#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::chrono::seconds kReconnectPause{1};

std::string target_of(const LogTailArguments& arguments) {
    std::string target =
        fmt::format("/api/v1/streams/{}/records", percent_encode(arguments.stream));
    char separator = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        target += fmt::format("{}{}={}", std::exchange(separator, '&'), name, value);
    };
    if (arguments.partition) add("partition", fmt::to_string(*arguments.partition));
    if (arguments.offset) add("offset", fmt::to_string(*arguments.offset));
    if (!arguments.from.empty()) add("from", percent_encode(arguments.from));
    if (!arguments.key.empty()) add("key", percent_encode(arguments.key));
    return target;
}

// The events of one stream, over as many connections as it takes.
class Tail {
public:
    explicit Tail(const LogTailArguments& arguments)
        : server_(arguments.server), target_(target_of(arguments)), limit_(arguments.limit) {}

    int run() {
        while (!is_over_) {
            const auto outcome = follow();
            if (is_over_) break;
            // Only what was there once is waited for; a refusal stays one.
            const bool is_lost = !outcome || outcome.value().status == 200;
            if (last_id_.empty() || !is_lost) return give_up(outcome);
            if (!std::exchange(is_waiting_, true))
                fmt::print(stderr, "holdfast: {} is gone; waiting for it\n", server_.address.url);
            std::this_thread::sleep_for(kReconnectPause);
        }
        return exit_code_;
    }

private:
    static int give_up(const Result<gateway::HttpResponse>& outcome) {
        fmt::print(stderr, "holdfast: {}\n",
                   outcome ? gateway::detail_of(outcome.value()) : outcome.error().context);
        return 1;
    }

    Result<gateway::HttpResponse> follow() {
        gateway::HttpRequest request;
        request.method = "GET";
        request.path = target_;
        request.headers.emplace_back("Accept", "text/event-stream");
        if (!last_id_.empty()) request.headers.emplace_back("Last-Event-ID", last_id_);
        text_.clear();
        HF_TRY(auto client, connect_to(server_));
        return client.stream(request, [this](std::string_view piece) {
            is_waiting_ = false;
            text_ += piece;
            for (auto end = text_.find("\n\n"); end != std::string::npos && !is_over_;
                 end = text_.find("\n\n")) {
                take(std::string_view(text_).substr(0, end + 1));
                text_.erase(0, end + 2);
            }
            std::fflush(stdout);
            is_over_ |= std::ferror(stdout) != 0;
            return !is_over_;
        });
    }

    void take(std::string_view event) {
        std::string_view name;
        std::string_view data;
        while (!event.empty()) {
            const auto line = event.substr(0, event.find('\n'));
            event.remove_prefix(line.size() + 1);
            const auto value = line.substr(std::min(line.find(": ") + 2, line.size()));
            if (line.starts_with("id: ")) last_id_ = value;
            if (line.starts_with("event: ")) name = value;
            if (line.starts_with("data: ")) data = value;
        }
        if (data.empty()) return;
        if (!name.empty()) {
            fmt::print(stderr, "holdfast: {}: {}\n", name, data);
            exit_code_ = 1;
            is_over_ = name == "end";
            return;
        }
        fmt::print("{}\n", data);
        is_over_ = ++taken_ == limit_;
    }

    const ServerOptions server_;
    const std::string target_;
    const std::uint64_t limit_;
    std::string text_; // received, not yet taken
    std::string last_id_;
    std::uint64_t taken_ = 0;
    bool is_waiting_ = false;
    bool is_over_ = false;
    int exit_code_ = 0;
};

} // namespace

int run_log_tail(const LogTailArguments& arguments) {
    return Tail(arguments).run();
}

} // namespace holdfast::app
