#include <load/cli.hpp>
#include <load/connect_scenario.hpp>
#include <load/http_scenario.hpp>
#include <load/message_scenario.hpp>
#include <load/options.hpp>
#include <load/replay/replay.hpp>
#include <load/simulate/simulation.hpp>
#include <load/stop_signal.hpp>
#include <load/wear/wear.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {
namespace {

using Run = std::function<int()>;

int complain(const Error& error) {
    std::fputs(
        fmt::format("holdfast-load: {} ({})\n", error.context, to_string(error.code)).c_str(),
        stderr);
    return error.code == Errc::denied ? 1 : 2;
}

int finish(const Result<int>& status) {
    return status ? status.value() : complain(status.error());
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

void add_connect(CLI::App& app, ConnectOptions& options, Run& chosen) {
    CLI::App* command = app.add_subcommand("connect", "Connections per second, or idle ones");
    add_run_options(*command, options.run);
    command->add_option("--idle", options.idle, "Hold so many idle connections for --duration")
        ->check(CLI::Range(1, 1'000'000));
    command->callback(
        [&options, &chosen] { chosen = [&options] { return finish(run_connect(options)); }; });
}

void add_http(CLI::App& app, HttpOptions& options, Run& chosen) {
    CLI::App* command = app.add_subcommand("http", "Ingest over HTTP keep-alive connections");
    add_run_options(*command, options.run);
    command->add_option("--connections", options.connections, "One request at a time on each")
        ->check(CLI::Range(1, 60'000));
    command->add_option("--batch", options.batch, "Messages per request")
        ->check(CLI::Range(1, 10'000));
    command->add_option("--payload", options.payload_bytes, "Bytes of payload, from 8")
        ->check(CLI::Range(8, 1'000'000));
    command->add_option("--topic", options.topic, "First levels of the topic");
    command->callback([&options, &chosen] {
        chosen = [&options] { return show(run_http(options), options.run.json); };
    });
}

// What CLI11 reads as text and run_simulation() wants parsed.
struct SimulateCommand {
    SimulateOptions options;
    std::vector<std::string> fleets;
    std::string faults = "all";
    std::string duration = "0";
    bool quiet = false;
};

// "90", "90s", "5m" or "2h" in seconds.
Result<double> parse_duration_s(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const double factor = unit.empty() || unit == "s" ? 1
                          : unit == "m"               ? 60
                          : unit == "h"               ? 3600
                                                      : 0;
    if (error != std::errc() || factor <= 0 || value < 0) {
        return fail(Errc::malformed, fmt::format("'{}' is no duration such as 60s or 5m", text));
    }
    return value * factor;
}

Result<int> run(SimulateCommand& command) {
    for (const std::string& fleet : command.fleets) {
        HF_TRY(command.options.fleet, parse_fleet(fleet, command.options.fleet));
    }
    HF_TRY(command.options.faults.kinds, parse_fault_kinds(command.faults));
    command.options.http.host = command.options.mqtt.host;
    HF_TRY(command.options.duration_s, parse_duration_s(command.duration));
    return run_simulation(command.options, command.quiet);
}

void add_simulate(CLI::App& app, SimulateCommand& simulate, Run& chosen) {
    CLI::App* command = app.add_subcommand("simulate", "Cars and elevators with injected faults");
    SimulateOptions& options = simulate.options;
    command->add_option("--host", options.mqtt.host, "Name or address of the server");
    command->add_option("--port", options.mqtt.port, "Its MQTT port");
    command->add_option("--http-port", options.http.port, "Its HTTP port");
    command->add_option("--http-share", options.http_share, "Part of the cars that uses HTTP")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--mqtt-version", options.version, "3, 4 (3.1.1) or 5")
        ->check(CLI::IsMember({3, 4, 5}));
    command->add_option("--fleet", simulate.fleets, "cars, elevators, cars=20,elevators=5")
        ->required();
    command->add_option("--rate", options.rate_per_s, "Messages per second and device")
        ->check(CLI::Range(0.01, 1'000.0));
    command->add_option("--for", simulate.duration, "How long, e.g. 60s; 0: until Ctrl-C");
    command->add_option("--seed", options.seed, "The same seed gives the same fleet");
    command->add_option("--faults", simulate.faults, "all, none or names with commas");
    command->add_option("--fault-warmup", options.faults.first_s, "Seconds before the first");
    command->add_option("--fault-every", options.faults.every_s, "Seconds between two")
        ->check(CLI::Range(0.1, 86'400.0));
    command->add_option("--fault-length", options.faults.length_s, "Seconds that one lasts")
        ->check(CLI::Range(0.1, 86'400.0));
    command->add_flag("--quiet", simulate.quiet, "No progress line on stderr");
    command->callback(
        [&simulate, &chosen] { chosen = [&simulate] { return finish(run(simulate)); }; });
}

void add_replay(CLI::App& app, ReplayOptions& options, Run& chosen) {
    CLI::App* command = app.add_subcommand("replay", "Publish the rows of a CSV file");
    add_endpoint(*command, options.endpoint);
    command->add_option("file", options.file, "CSV with a header line")->required();
    command->add_option("--topic", options.topic, "Where to publish")->required();
    command->add_option("--time", options.time_column, "Name of the time column");
    command->add_option("--device", options.device, "Added to each row as \"device\"");
    command->add_option("--client-id", options.client_id, "MQTT client id");
    command->add_option("--speed", options.speed, "Factor; 0: as fast as acknowledged")
        ->check(CLI::Range(0.0, 1e9));
    command->add_option("--window", options.in_flight_max, "Rows in flight")
        ->check(CLI::Range(1, 65'535));
    command->add_option("--mqtt-version", options.version, "3, 4 (3.1.1) or 5")
        ->check(CLI::IsMember({3, 4, 5}));
    command->callback(
        [&options, &chosen] { chosen = [&options] { return finish(run_replay(options)); }; });
}

struct WearCommand {
    WearOptions options;
    std::string step = "1h";
};

Result<int> run(WearCommand& command) {
    constexpr double kStepMaxS = 86'400;
    HF_TRY(command.options.step_s, parse_duration_s(command.step));
    const bool is_step = command.options.step_s >= 0.001 && command.options.step_s <= kStepMaxS;
    if (!is_step) { // "nan" is none either
        return fail(Errc::malformed,
                    fmt::format("--step {}: 0.001s to 24h are possible", command.step));
    }
    return run_wear(command.options);
}

void add_wear(CLI::App& app, WearCommand& wear, Run& chosen) {
    CLI::App* command =
        app.add_subcommand("wear", "Lives of machines that wear and fail, on a clock of their own");
    WearOptions& options = wear.options;
    add_endpoint(*command, options.endpoint);
    command->add_option("--devices", options.devices, "Machines, a connection each")
        ->check(CLI::Range(1, 10'000));
    command->add_option("--lives", options.plan.lives, "Of each machine; each ends in a failure")
        ->check(CLI::Range(0, 1'000));
    command->add_option("--life", options.plan.life_samples, "Messages of a life, about")
        ->check(CLI::Range(10, 10'000));
    command->add_flag("--under-way", options.plan.has_life_ahead,
                      "One life more of each machine, which has not ended");
    command->add_option("--step", wear.step, "Event time between two messages, e.g. 1h or 10m");
    command->add_option("--name", options.plan.name,
                        "Devices are NAME-01, topics NAME/NAME-01/state");
    command->add_option("--seed", options.plan.seed, "The same seed gives the same lives");
    command->add_option("--window", options.in_flight_max, "Messages in flight per machine")
        ->check(CLI::Range(1, 65'535));
    command->add_option("--mqtt-version", options.version, "3, 4 (3.1.1) or 5")
        ->check(CLI::IsMember({3, 4, 5}));
    command->callback([&wear, &chosen] { chosen = [&wear] { return finish(run(wear)); }; });
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
    ConnectOptions connect;
    HttpOptions http;
    http.run.endpoint.port = 8080;
    SimulateCommand simulate;
    ReplayOptions replay;
    WearCommand wear;
    add_connect(app, connect, chosen);
    add_http(app, http, chosen);
    add_simulate(app, simulate, chosen);
    add_replay(app, replay, chosen);
    add_wear(app, wear, chosen);
    CLI11_PARSE(app, argc, argv);
    install_stop_signals();
    return chosen();
}

} // namespace holdfast::load
