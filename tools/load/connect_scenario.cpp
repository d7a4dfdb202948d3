#include <load/connect_scenario.hpp>
#include <load/histogram.hpp>
#include <load/loop.hpp>
#include <load/process_stats.hpp>
#include <load/stop_signal.hpp>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::load {
namespace {

// A connection that only notices its end.
class IdleLink final : public Link {
public:
    using Link::Link;

private:
    std::size_t on_bytes(ByteView bytes, std::uint64_t /*now_ns*/) override { return bytes.size(); }
};

Result<void> raise_file_limit(std::size_t connections) {
    constexpr std::size_t kSpare = 64;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = connections + kSpare;
    if (limit.rlim_cur >= wanted) return ok();
    limit.rlim_max = std::max(limit.rlim_max, wanted);
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return ok();
    return fail(Errc::limit_exceeded,
                fmt::format("{} connections need a higher limit of open files", connections));
}

Result<ProcessUse> server_use(const RunOptions& run) {
    if (run.server_pid == 0) return ProcessUse();
    return process_use(run.server_pid);
}

std::uint64_t after_ns(double seconds) {
    return monotonic_ns() + static_cast<std::uint64_t>(seconds * 1e9);
}

Result<int> hold_idle(const ConnectOptions& options) {
    HF_TRY(raise_file_limit(options.idle));
    Loop loop;
    std::vector<std::unique_ptr<IdleLink>> links;
    HF_TRY(const ProcessUse before, server_use(options.run));
    for (std::size_t i = 0; i < options.idle && !stop_requested(); ++i) {
        HF_TRY(const Session session,
               dial_mqtt(options.run.endpoint, options.run.version,
                         fmt::format("idle-{}-{}", static_cast<int>(::getpid()), i)));
        links.push_back(std::make_unique<IdleLink>(session.socket));
        loop.add(*links.back());
    }
    const std::uint64_t end_ns = after_ns(options.run.duration_s);
    HF_TRY(const ProcessUse opened, server_use(options.run));
    for (std::uint64_t now_ns = monotonic_ns(); now_ns < end_ns && !stop_requested();
         now_ns = monotonic_ns()) {
        loop.turn(std::min<std::uint64_t>(end_ns - now_ns, 100'000'000));
    }
    HF_TRY(const ProcessUse after, server_use(options.run));
    const double grown =
        static_cast<double>(after.rss_bytes) - static_cast<double>(before.rss_bytes);
    std::fputs(fmt::format(R"({{"scenario":"idle","ok":{},"connections":{},"failures":{},)"
                           R"("rss_before_bytes":{},"rss_after_bytes":{},)"
                           R"("rss_per_connection_bytes":{:.1f},"idle_cpu_s":{:.3f}}})"
                           "\n",
                           loop.failures() == 0, links.size(), loop.failures(), before.rss_bytes,
                           after.rss_bytes,
                           grown / static_cast<double>(std::max<std::size_t>(1, links.size())),
                           after.cpu_s - opened.cpu_s)
                   .c_str(),
               stdout);
    return loop.failures() == 0 ? 0 : 1;
}

Result<int> measure_rate(const ConnectOptions& options) {
    Histogram latency;
    HF_TRY(const ProcessUse before, server_use(options.run));
    const std::uint64_t start_ns = monotonic_ns();
    const std::uint64_t end_ns = after_ns(options.run.duration_s);
    std::uint64_t from_ns = start_ns;
    while (from_ns < end_ns && !stop_requested()) {
        HF_TRY(
            const Session session,
            dial_mqtt(options.run.endpoint, options.run.version,
                      fmt::format("connect-{}-{}", static_cast<int>(::getpid()), latency.count())));
        const std::uint64_t now_ns = monotonic_ns();
        latency.record(now_ns - from_ns);
        // Reset, not FIN: thousands of ports in TIME_WAIT would end the run.
        const linger abort{1, 0};
        ::setsockopt(session.socket, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
        ::close(session.socket);
        from_ns = monotonic_ns();
    }
    const double seconds = static_cast<double>(from_ns - start_ns) / 1e9;
    HF_TRY(const ProcessUse after, server_use(options.run));
    const auto ms = [&latency](double quantile) {
        return static_cast<double>(latency.at_quantile_ns(quantile)) / 1e6;
    };
    std::fputs(fmt::format(R"({{"scenario":"connect","ok":true,"connections":{},"per_s":{:.1f},)"
                           R"("server_cpu_s":{:.3f},"connect_ms":{{"p50":{:.4f},"p90":{:.4f},)"
                           R"("p99":{:.4f},"p99.9":{:.4f},"max":{:.4f}}}}})"
                           "\n",
                           latency.count(), static_cast<double>(latency.count()) / seconds,
                           after.cpu_s - before.cpu_s, ms(0.5), ms(0.9), ms(0.99), ms(0.999), ms(1))
                   .c_str(),
               stdout);
    return 0;
}

} // namespace

Result<int> run_connect(const ConnectOptions& options) {
    return options.idle > 0 ? hold_idle(options) : measure_rate(options);
}

} // namespace holdfast::load
