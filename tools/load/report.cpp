#include <load/report.hpp>

#include <fmt/format.h>

#include <iterator>

namespace holdfast::load {
namespace {

double per(double amount, double by) {
    return by > 0 ? amount / by : 0;
}

std::string json_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return quoted + '"';
}

double ms(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e6;
}

std::string latency_json(const Histogram& histogram) {
    return fmt::format(
        R"({{"count":{},"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"p99.9":{:.4f},"max":{:.4f}}})",
        histogram.count(), ms(histogram.at_quantile_ns(0.5)), ms(histogram.at_quantile_ns(0.9)),
        ms(histogram.at_quantile_ns(0.99)), ms(histogram.at_quantile_ns(0.999)),
        ms(histogram.max_ns()));
}

std::string latency_text(const char* name, const Histogram& histogram) {
    if (histogram.count() == 0) return {};
    return fmt::format(
        "  {:<11} ms  p50 {:.3f}  p90 {:.3f}  p99 {:.3f}  p99.9 {:.3f}  max {:.3f}\n", name,
        ms(histogram.at_quantile_ns(0.5)), ms(histogram.at_quantile_ns(0.9)),
        ms(histogram.at_quantile_ns(0.99)), ms(histogram.at_quantile_ns(0.999)),
        ms(histogram.max_ns()));
}

} // namespace

bool Report::clean() const noexcept {
    const bool all_arrived = loss_allowed || (lost == 0 && total_acked == total_sent);
    return all_arrived && sequence.duplicated == 0 && sequence.reordered == 0 &&
           sequence.foreign == 0 && refused == 0 && unordered_acks == 0 && failures == 0;
}

std::string Report::to_json() const {
    const auto published_now = static_cast<double>(published);
    const auto delivered_now = static_cast<double>(delivered);
    std::string out = fmt::format(R"({{"scenario":{},"parameters":{},"ok":{},"interrupted":{},)",
                                  json_text(scenario), json_text(parameters), clean(), interrupted);
    fmt::format_to(std::back_inserter(out),
                   R"("seconds":{:.3f},"published":{},"delivered":{},"published_per_s":{:.1f},)"
                   R"("delivered_per_s":{:.1f},)",
                   seconds, published, delivered, per(published_now, seconds),
                   per(delivered_now, seconds));
    fmt::format_to(std::back_inserter(out),
                   R"("server_cpu_s":{:.3f},"server_rss_bytes":{},"published_per_cpu_s":{:.1f},)"
                   R"("delivered_per_cpu_s":{:.1f},"generator_cpu_s":{:.3f},)"
                   R"("generator_cpu_share":{:.3f},)",
                   server_cpu_s, server_rss_bytes, per(published_now, server_cpu_s),
                   per(delivered_now, server_cpu_s), generator_cpu_s,
                   per(generator_cpu_s, seconds));
    fmt::format_to(std::back_inserter(out), R"("ack_ms":{},"end_to_end_ms":{},)",
                   latency_json(ack_latency), latency_json(end_to_end));
    fmt::format_to(std::back_inserter(out),
                   R"("total_sent":{},"total_acked":{},"total_expected":{},"total_delivered":{},)"
                   R"("lost":{},"duplicated":{},"reordered":{},"foreign":{},"refused":{},)"
                   R"("unordered_acks":{},"failures":{},"first_failure":{}}})",
                   total_sent, total_acked, total_expected, sequence.received, lost,
                   sequence.duplicated, sequence.reordered, sequence.foreign, refused,
                   unordered_acks, failures, json_text(first_failure));
    return out;
}

std::string Report::to_text() const {
    const auto published_now = static_cast<double>(published);
    const auto delivered_now = static_cast<double>(delivered);
    std::string out =
        fmt::format("{} {}{}\n", scenario, parameters, interrupted ? " (interrupted)" : "");
    fmt::format_to(std::back_inserter(out),
                   "  published {} ({:.0f}/s)  delivered {} ({:.0f}/s)  in {:.2f} s\n", published,
                   per(published_now, seconds), delivered, per(delivered_now, seconds), seconds);
    if (server_cpu_s > 0) {
        fmt::format_to(std::back_inserter(out),
                       "  server CPU {:.2f} s: {:.0f} published, {:.0f} delivered per CPU second; "
                       "RSS {:.1f} MiB\n",
                       server_cpu_s, per(published_now, server_cpu_s),
                       per(delivered_now, server_cpu_s),
                       static_cast<double>(server_rss_bytes) / 1048576.0);
    }
    const double handled = published_now + delivered_now;
    fmt::format_to(std::back_inserter(out),
                   "  generator CPU {:.2f} s ({:.0f} %), {:.3f} us per message sent or received\n",
                   generator_cpu_s, 100 * per(generator_cpu_s, seconds),
                   per(generator_cpu_s * 1e6, handled));
    out += latency_text("ack", ack_latency);
    out += latency_text("end to end", end_to_end);
    fmt::format_to(std::back_inserter(out),
                   "  total sent {} acknowledged {} delivered {} of {}: lost {}, duplicated {}, "
                   "reordered {}, refused {}, broken connections {}\n",
                   total_sent, total_acked, sequence.received, total_expected, lost,
                   sequence.duplicated, sequence.reordered, refused, failures);
    if (unordered_acks > 0) out += fmt::format("  PUBACKs out of order: {}\n", unordered_acks);
    if (!first_failure.empty()) out += fmt::format("  first failure: {}\n", first_failure);
    return out;
}

} // namespace holdfast::load
