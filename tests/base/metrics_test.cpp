// Goal: the text is OpenMetrics: families together, counters end in _total, the text in # EOF.
#include <holdfast/base/metrics.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

TEST_CASE("metrics render as OpenMetrics", "[base]") {
    Metrics metrics;
    metrics.counter("hf_dropped", "Messages dropped.", "reason=\"full\"").add(2);
    metrics.gauge("hf_level", "A level.", [] { return 1.5; });
    metrics.counter("hf_dropped", "Messages dropped.", "reason=\"slow\"").add();
    CHECK(metrics.render() ==
          "# TYPE hf_dropped counter\n# HELP hf_dropped Messages dropped.\n"
          "hf_dropped_total{reason=\"full\"} 2\nhf_dropped_total{reason=\"slow\"} 1\n"
          "# TYPE hf_level gauge\n# HELP hf_level A level.\nhf_level 1.5\n# EOF\n");
}

TEST_CASE("whoever is asked for a gauge may take a lock under which counters are asked for",
          "[base]") {
    Metrics metrics;
    metrics.gauge("hf_level", "A level.", [&] {
        return static_cast<double>(metrics.counter("hf_seen", "What was seen.").value());
    });
    metrics.counter("hf_seen", "What was seen.").add(3);
    CHECK(metrics.render() ==
          "# TYPE hf_level gauge\n# HELP hf_level A level.\nhf_level 3\n"
          "# TYPE hf_seen counter\n# HELP hf_seen What was seen.\nhf_seen_total 3\n# EOF\n");
}
