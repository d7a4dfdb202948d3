// Goal: the generator's own books balance against a server that is not ours. Starts mosquitto on
// a free loopback port, or warns and passes where it is not installed.
#include <load/message_scenario.hpp>

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

using namespace holdfast::load;
namespace mqtt = holdfast::mqtt;

namespace {

constexpr const char* kMosquitto = "/usr/sbin/mosquitto";

std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(probe);
    return ntohs(address.sin_port);
}

// A mosquitto of our own; ended with the object.
class Mosquitto {
public:
    Mosquitto() : port_(free_port()) {
        std::string port = std::to_string(port_);
        std::string name = kMosquitto;
        std::string flag = "-p";
        std::array<int, 2> pipe{};
        REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
        std::array<char*, 4> arguments{name.data(), flag.data(), port.data(), nullptr};
        REQUIRE(::posix_spawn(&pid_, kMosquitto, &actions, nullptr, arguments.data(), environ) ==
                0);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(pipe[1]);
        log_ = pipe[0];
        wait_until_running();
    }
    ~Mosquitto() {
        ::kill(pid_, SIGTERM);
        ::close(log_);
        ::waitpid(pid_, nullptr, 0);
    }
    Mosquitto(const Mosquitto&) = delete;
    Mosquitto& operator=(const Mosquitto&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    void wait_until_running() {
        std::string log;
        while (log.find(" running\n") == std::string::npos) {
            pollfd ready{log_, POLLIN, 0};
            REQUIRE(::poll(&ready, 1, 10'000) == 1);
            std::array<char, 512> text{};
            const ssize_t got = ::read(log_, text.data(), text.size());
            REQUIRE(got > 0);
            log.append(text.data(), static_cast<std::size_t>(got));
        }
    }

    std::uint16_t port_;
    pid_t pid_ = -1;
    int log_ = -1;
};

} // namespace

TEST_CASE("what mosquitto takes is delivered once, in order and counted", "[load][mosquitto]") {
    if (!std::filesystem::exists(kMosquitto)) {
        WARN("mosquitto is not installed: not tested");
        return;
    }
    const Mosquitto server;
    MessageOptions options;
    options.run.endpoint.port = server.port();
    options.run.server_pid = server.pid();
    options.run.duration_s = 0.2;
    options.run.warmup_s = 0;
    options.run.quiet = true;
    options.window = 4;
    options.publishers = 5;
    options.subscribers = 2;
    options.shape = GENERATE(Shape::fanin, Shape::fanout, Shape::pairs);
    options.run.version = GENERATE(mqtt::Version::v31, mqtt::Version::v311, mqtt::Version::v5);
    options.qos = GENERATE(0U, 1U);
    options.rate_per_s = GENERATE(0.0, 2'000.0);
    if (options.shape == Shape::fanout) options.publishers = 1;
    if (options.shape == Shape::pairs) options.subscribers = options.publishers;
    CAPTURE(static_cast<int>(options.shape), static_cast<int>(options.run.version), options.qos,
            options.rate_per_s);

    const auto report = run_messages(options);
    INFO((report ? std::string() : report.error().context));
    REQUIRE(report);
    CHECK(report.value().clean());
    // More than what may go out before the first answer: a stalled loop would show.
    if (options.rate_per_s == 0) CHECK(report.value().total_sent > 2 * options.window + 2);
    CHECK(report.value().total_sent > 0);
    CHECK(report.value().total_acked == report.value().total_sent);
    const std::uint64_t copies = options.shape == Shape::pairs ? 1 : options.subscribers;
    CHECK(report.value().sequence.received == report.value().total_sent * copies);
    CHECK(report.value().lost == 0);
}
