#include <holdfast/base/metrics.hpp>

#include <fmt/format.h>

#include <cassert>
#include <map>

namespace holdfast {

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_)
        if (entry.name == name && entry.labels == labels) return entry.counter;
    Entry& entry = entries_.emplace_back();
    entry.name = name;
    entry.help = help;
    entry.labels = labels;
    return entry.counter;
}

void Metrics::gauge(std::string_view name, std::string_view help, std::function<double()> read,
                    std::string_view labels) {
    assert(read);
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
        if (entry.name != name || entry.labels != labels) continue;
        entry.read = std::move(read);
        return;
    }
    Entry& entry = entries_.emplace_back();
    entry.name = name;
    entry.help = help;
    entry.labels = labels;
    entry.read = std::move(read);
}

std::string Metrics::render() const {
    // Gauges are read without our lock: they take locks of their own, under which others ask us
    // for a counter.
    struct Sample {
        const Entry* entry; // of which only `read` ever changes
        std::function<double()> read;
    };
    // OpenMetrics wants all samples of one family together, under one HELP and TYPE.
    std::map<std::string_view, std::vector<Sample>> families;
    {
        const std::lock_guard lock(mutex_);
        for (const Entry& entry : entries_) families[entry.name].push_back({&entry, entry.read});
    }

    std::string out;
    auto at = std::back_inserter(out);
    for (const auto& [name, samples] : families) {
        const bool is_gauge = static_cast<bool>(samples.front().read);
        fmt::format_to(at, "# TYPE {} {}\n# HELP {} {}\n", name, is_gauge ? "gauge" : "counter",
                       name, samples.front().entry->help);
        for (const Sample& sample : samples) {
            const Entry& entry = *sample.entry;
            const std::string labels = entry.labels.empty() ? "" : "{" + entry.labels + "}";
            if (is_gauge)
                fmt::format_to(at, "{}{} {}\n", name, labels, sample.read());
            else
                fmt::format_to(at, "{}_total{} {}\n", name, labels, entry.counter.value());
        }
    }
    out += "# EOF\n";
    return out;
}

} // namespace holdfast
