// Goal: an event becomes one record that any reader can read, what was refused cannot crowd out the
// rest, and what could not be stored is counted. Method: a publisher that keeps what it is given.
#include "app/audit_log.hpp"

#include <holdfast/broker/publisher.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using access::AuditOutcome;
using app::AuditLog;

namespace {

class Kept final : public broker::Publisher {
public:
    void publish(broker::PublishBatch batch, Done done) override {
        if (is_full) return done(fail(Errc::no_space, "the disk is full"));
        for (auto& message : batch.messages) messages.push_back(std::move(message));
        done(std::vector<broker::Placed>(batch.messages.size()));
    }
    std::vector<broker::OutMessage> messages;
    bool is_full = false;
};

struct Bench {
    Bench() { audit.open(kept); }
    void refuse(const std::string& address) {
        audit.note({"eve", address, "login", "", AuditOutcome::refused, "wrong"});
    }
    double count(const std::string& outcome) const {
        const std::string text = metrics.render();
        const std::string name = "holdfast_audit_records_total{outcome=\"" + outcome + "\"} ";
        return std::stod(text.substr(text.find(name) + name.size()));
    }
    ManualClock clock;
    Metrics metrics;
    Kept kept;
    AuditLog audit{clock, metrics};
};

} // namespace

TEST_CASE("an event is one JSON object, whatever its texts hold", "[app][audit]") {
    CHECK(app::to_json({"eve", "::1", "login", "", AuditOutcome::done, "a\"b\\c\n\x7F"}, 7) ==
          R"({"ts":7,"actor":"eve","address":"::1","action":"login","resource":"",)"
          R"("outcome":"done","detail":"a\"b\\c\u000a\u007f"})");
    CHECK(app::to_json({"\xFF\xC3\xA9", "", "", "", AuditOutcome::failed, "\xC3\xA9"}, 0) ==
          R"({"ts":0,"actor":"???","address":"","action":"","resource":"","outcome":"failed",)"
          "\"detail\":\"\xC3\xA9\"}");
}

TEST_CASE("records go to the stream, keyed by who did it", "[app][audit]") {
    Bench bench;
    bench.audit.note({"eve", "::1", "login", "", AuditOutcome::done, ""});
    REQUIRE(bench.kept.messages.size() == 1);
    CHECK(bench.kept.messages[0].stream == "audit");
    CHECK(bench.kept.messages[0].topic.empty()); // so that no subscriber sees it
    CHECK(bench.kept.messages[0].device == "eve");
    CHECK(bench.count("stored") == 1);
}

TEST_CASE("who guesses fills neither the disk nor the place of others", "[app][audit]") {
    Bench bench;
    for (int i = 0; i < 50; ++i) bench.refuse("10.0.0.1");
    CHECK(bench.kept.messages.size() == 20);
    bench.refuse("10.0.0.2");
    CHECK(bench.kept.messages.size() == 21);
    for (int i = 0; i < 1'000; ++i) bench.refuse("10.0.1." + std::to_string(i));
    CHECK(bench.kept.messages.size() == 300);
    bench.audit.note({"anne", "::1", "logout", "", AuditOutcome::done, ""});
    CHECK(bench.kept.messages.size() == 301);
    CHECK(bench.count("left_out") == 751);
    bench.audit.end_window();
    CHECK(bench.kept.messages.size() == 301);
    bench.clock.advance_ms(60'000);
    bench.audit.end_window();
    REQUIRE(bench.kept.messages.size() == 302);
    CHECK(bench.kept.messages.back().payload.find("751 that were refused") != std::string::npos);
    bench.refuse("10.0.0.1");
    CHECK(bench.kept.messages.size() == 303);
}

TEST_CASE("what cannot be stored is counted, and undoes nothing", "[app][audit]") {
    Bench bench;
    bench.kept.is_full = true;
    bench.audit.note({"anne", "::1", "login", "", AuditOutcome::done, ""});
    bench.kept.is_full = false;
    bench.audit.close();
    bench.audit.note({"anne", "::1", "login", "", AuditOutcome::done, ""});
    CHECK(bench.kept.messages.empty());
    CHECK(bench.count("failed") == 2);
}
