#include <load/cli.hpp>
#include <load/message_scenario.hpp>
#include <load/options.hpp>
#include <load/stop_signal.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <string>

namespace holdfast::load {
namespace {

using Run = std::function<int()>;

int complain(const Error& error) {
    std::fputs(
        fmt::format("holdfast-load: {} ({})\n", error.context, to_string(error.code)).c_str(),
        stderr);
    return error.code == Errc::denied ? 1 : 2;
}

int show(const Result<Report>& result, bool json) {
    if (!result) return complain(result.error());
    const Report& report = result.value();
    std::fputs(json ? (report.to_json() + "\n").c_str() : report.to_text().c_str(), stdout);
    return report.clean() ? 0 : 1;
}

void add_endpoint(CLI::App& command, Endpoint& endpoint) {
    command.add_option("--host", endpoint.host, "Name or address of the server");
    command.add_option("--port", endpoint.port, "Its port");
}

void add_run_options(CLI::App& command, RunOptions& run) {
    add_endpoint(command, run.endpoint);
    command.add_option("--duration", run.duration_s, "Measured seconds")
        ->check(CLI::Range(0.1, 86'400.0));
    command.add_option("--warmup", run.warmup_s, "Seconds before them")
        ->check(CLI::Range(0.0, 3'600.0));
    command.add_option("--drain", run.drain_s, "Seconds to wait for the last messages")
        ->check(CLI::Range(0.0, 3'600.0));
    command.add_option("--server-pid", run.server_pid, "Measure CPU and RSS of this process");
    command.add_option("--mqtt-version", run.version, "3, 4 (3.1.1) or 5")
        ->check(CLI::IsMember({3, 4, 5}));
    command.add_flag("--json", run.json, "Result as one JSON line on stdout");
    command.add_flag("--quiet", run.quiet, "No progress line on stderr");
}

void add_messages(CLI::App& app, const char* name, const char* help, Shape shape,
                  MessageOptions& options, Run& chosen) {
    CLI::App* command = app.add_subcommand(name, help);
    options.shape = shape;
    add_run_options(*command, options.run);
    if (shape != Shape::fanout) {
        command->add_option("--publishers,--pairs", options.publishers, "Publishing connections")
            ->check(CLI::Range(1, 60'000));
    }
    if (shape != Shape::pairs) {
        command->add_option("--subscribers", options.subscribers, "Subscribing connections")
            ->check(CLI::Range(0, 60'000));
    }
    command->add_option("--qos", options.qos, "0 or 1")->check(CLI::Range(0, 1));
    command->add_option("--payload", options.payload_bytes, "Bytes of payload, from 24")
        ->check(CLI::Range(24, 1'000'000));
    command
        ->add_option("--window", options.window,
                     "Messages in flight per publisher (QoS 0: between two PINGREQs)")
        ->check(CLI::Range(1, 65'535));
    command->add_option("--refill", options.refill,
                        "Closed loop: send once so many of the window are free (0: half)");
    command
        ->add_option("--gather-us", options.gather_us,
                     "Pause before each turn, so that it finds more to do at once")
        ->check(CLI::Range(0, 100'000));
    command
        ->add_option("--rate", options.rate_per_s,
                     "Open loop: messages/s of all publishers together (0: closed loop)")
        ->check(CLI::Range(0.0, 1e8));
    command->add_flag("--spin", options.spin, "Poll instead of sleeping between events");
    command->add_option("--prefix", options.prefix, "First levels of every topic");
    command->callback([&options, &chosen] {
        chosen = [&options] {
            if (options.shape == Shape::pairs) options.subscribers = options.publishers;
            return show(run_messages(options), options.run.json);
        };
    });
}

} // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("Load generator and device simulator for Holdfast and other MQTT servers",
                 "holdfast-load");
    app.require_subcommand(1);
    Run chosen;
    MessageOptions fanin;
    MessageOptions fanout;
    fanout.publishers = 1;
    fanout.subscribers = 200;
    MessageOptions pairs;
    add_messages(app, "fanin", "Many publishers, few subscribers", Shape::fanin, fanin, chosen);
    add_messages(app, "fanout", "One publisher, many subscribers", Shape::fanout, fanout, chosen);
    add_messages(app, "pairs", "Publisher i to subscriber i", Shape::pairs, pairs, chosen);
    CLI11_PARSE(app, argc, argv);
    install_stop_signals();
    return chosen();
}

} // namespace holdfast::load
