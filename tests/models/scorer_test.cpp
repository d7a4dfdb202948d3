// Goal: what an alarm of a model tells: since when, of which signals, and how bad it has become,
// also when the state was stored and read in between. Method: a scorer, samples by hand.
#include "models/scorer.hpp"

#include <catch2/catch.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace holdfast;
using alarms::AlarmState;
using alarms::Severity;

namespace {

constexpr std::int64_t kStepMs = 60'000;   // so that an hour has 60
constexpr std::size_t kStateHead = 1;      // docs/format/models.md: the version,
constexpr std::size_t kStateOfBefore = 16; // raise and raises,
constexpr std::size_t kDeparture = 18;     // and what a state of before does not have

models::ModelSpec spec_of(const std::string& more = "") {
    const auto spec = models::parse_model(
        "name: m\nkind: level_shift\nsource: cars\n"
        "fields: [a, b]\noptions: {warmup_samples: 50, "
        "hold_samples: 5}\n" +
            more,
        "m");
    REQUIRE(spec);
    return spec.value();
}

// Level, then some off, then far off, then level again.
std::vector<double> sample(int step) {
    const double off = step < 200 ? 0.0 : step < 205 ? 1.5 : step < 300 ? 60.0 : 0.0;
    return {10.0 + step % 2 + off, 5.0 + step % 3};
}

std::vector<alarms::Alarm> changes(models::Scorer& scorer, int from, int to) {
    std::vector<alarms::Alarm> out;
    for (int step = from; step < to; ++step) {
        auto scored = scorer.score("d", kStepMs * step, sample(step));
        REQUIRE(scored);
        if (scored.value().change) out.push_back(*scored.value().change);
    }
    return out;
}

double number_behind(std::string_view json, std::string_view name) {
    const std::size_t at = json.find(name);
    REQUIRE(at != std::string_view::npos);
    double number = 0.0;
    const char* const begin = json.data() + at + name.size();
    REQUIRE(std::from_chars(begin, json.data() + json.size(), number).ec == std::errc());
    return number;
}

} // namespace

TEST_CASE("an alarm tells since when and what each signal had to do with it", "[models]") {
    const auto spec = spec_of();
    models::Scorer scorer(spec);
    const auto all = changes(scorer, 0, 600);
    REQUIRE_FALSE(all.empty());
    const auto& raised = all.front();
    const auto since = number_behind(raised.details_json, R"("since":)");
    CHECK(since >= static_cast<double>(kStepMs * 200));
    CHECK(since <= static_cast<double>(raised.raised_ms));
    const std::string_view first = R"("signals":[{"signal":"a","share":)";
    CHECK(number_behind(raised.details_json, first) > 0.5);
    const std::string signals = raised.details_json.substr(raised.details_json.find(first));
    CHECK(number_behind(signals, R"("value":)") > 60.0); // the sample's own
    for (const char* each : {R"("expected_low":)", R"("expected_high":)"})
        CHECK(number_behind(signals, each) == number_behind(raised.details_json, each));
}

TEST_CASE("an alarm that gets worse is told of again, as the same occurrence", "[models]") {
    const auto spec = spec_of();
    models::Scorer scorer(spec);
    const auto all = changes(scorer, 0, 600);
    REQUIRE(all.size() >= 3);
    CHECK(all.back().state == AlarmState::cleared);
    CHECK_FALSE(all.back().worsened_ms);
    for (std::size_t i = 1; i + 1 < all.size(); ++i) {
        CHECK(all[i].state == AlarmState::active);
        CHECK(all[i].severity > all[i - 1].severity);
        CHECK(all[i].worsened_ms > all[i].raised_ms);
    }
    for (const auto& each : all) CHECK(each.occurrence == all[0].occurrence);
    CHECK(all.back().severity == all[all.size() - 2].severity);
    CHECK_FALSE(all[0].worsened_ms);
}

TEST_CASE("a severity that the model file gives is every alarm's", "[models]") {
    const auto spec = spec_of("severity: info\n");
    models::Scorer scorer(spec);
    const auto all = changes(scorer, 0, 600);
    REQUIRE(all.size() == 2);
    CHECK(all[0].severity == Severity::info);
    CHECK(all[1].severity == Severity::info);
}

TEST_CASE("a scorer goes on from its stored state at any sample", "[models]") {
    const auto spec = spec_of();
    models::Scorer whole(spec);
    const auto expected = changes(whole, 0, 600);
    const int cut = GENERATE(199, 203, 206, 230, 290, 320);
    CAPTURE(cut);
    models::Scorer first(spec);
    auto all = changes(first, 0, cut);
    models::Scorer second(spec);
    REQUIRE(second.restore("d", first.take_changed().at("d")));
    for (auto& change : changes(second, cut, 600)) all.push_back(change);
    CHECK(all == expected);
}

TEST_CASE("a state of before is read; another one, or part of one, is not", "[models]") {
    const auto spec = spec_of();
    models::Scorer scorer(spec);
    REQUIRE(changes(scorer, 0, 250).size() == 1);
    const Bytes state = scorer.take_changed().at("d");
    const ByteView all(state);
    Bytes before;
    ByteWriter out(before);
    out.bytes(all.subspan(kStateHead, kStateOfBefore));
    out.bytes(all.subspan(kStateHead + kStateOfBefore + kDeparture));
    models::Scorer later(spec);
    REQUIRE(later.restore("d", before));
    const auto rest = changes(later, 250, 600);
    REQUIRE(rest.size() == 1); // it gets no worse, and is cleared
    CHECK(rest[0].state == AlarmState::cleared);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{34}})
        CHECK_FALSE(later.restore("d", all.first(size)));
    Bytes other = state;
    other[0] = std::byte{3};
    CHECK_FALSE(later.restore("d", other));
}
