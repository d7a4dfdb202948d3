// Question: how well do the detectors find labelled anomalies, by each benchmark's own rules?
//
//   HF_DATA_DIR=... detect [nab] [skab] [obd] [--kind KIND] [--options TEXT] [--output DIRECTORY]
//
// One model, with its defaults or `--options 'limit: 0.2'`, on all series (docs/models.md,
// Figures). Labels are read to score, never to detect; the drives of obd get
// faults by seed. --output writes the rows for other scorers.
#include "report.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string_view>

int main(int argc, char** argv) {
    using namespace holdfast;
    const std::map<std::string, std::function<Result<void>(const bench::DetectOptions&)>,
                   std::less<>>
        parts = {
            {"nab", bench::report_nab}, {"skab", bench::report_skab}, {"obd", bench::report_obd}};
    bench::DetectOptions options;
    std::set<std::string, std::less<>> wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--kind" && i + 1 < argc) {
            options.kind = argv[++i];
        } else if (word == "--options" && i + 1 < argc) {
            options.options = argv[++i];
        } else if (word == "--output" && i + 1 < argc) {
            options.output = argv[++i];
        } else if (parts.contains(word)) {
            wanted.emplace(word);
        } else {
            std::fputs(
                "usage: detect [nab] [skab] [obd] [--kind KIND] [--options TEXT] "
                "[--output DIRECTORY]\n",
                stderr);
            return 2;
        }
    }
    const char* data = std::getenv("HF_DATA_DIR");
    if (data == nullptr) {
        std::fputs("detect: HF_DATA_DIR names no directory with nab, skab, obd\n", stderr);
        return 2;
    }
    options.data = data;
    int failed = 0;
    for (const auto& [name, report] : parts) {
        if (!wanted.empty() && !wanted.contains(name)) continue;
        if (const auto done = report(options); !done) {
            std::fprintf(stderr, "detect: %s: %s\n", name.c_str(), done.error().context.c_str());
            failed = 1;
        }
    }
    return failed;
}
