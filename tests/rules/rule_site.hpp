#pragma once

#include "support/log_site.hpp"

#include <holdfast/rules/engine.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

// Rules on a log; every topic goes to the stream `cars`.
struct RuleSite : LogSite<rules::Engine> {
    explicit RuleSite(rules::EngineSettings settings = {.checkpoint_records = 5},
                      rules::Engine::RefusalOf refusal_of = {})
        : LogSite({"cars", "out", "alarms"}, [settings, refusal_of](LogSite& site) {
              return std::make_unique<rules::Engine>(
                  settings, rules::Engine::Parts{
                                *site.at.log, *site.pool, *site.publisher, *site.alarms,
                                site.at.clock, site.at.metrics,
                                [](std::string_view) { return std::vector<std::string>{"cars"}; },
                                refusal_of});
          }) {}

    static constexpr std::int64_t kStartMs = 1'700'000'000'000;

    // At second `second` of the device's clock, arriving `delay_s` later.
    void send(const std::string& device, int second, const std::string& temp, int delay_s = 0) {
        broker::OutMessage message;
        message.topic = "car/" + device + "/obd";
        message.device = device;
        message.payload = fmt::format(R"({{"temp":{}}})", temp);
        message.event_ms = kStartMs + second * 1000;
        append(message, *message.event_ms + delay_s * 1000);
    }
    [[nodiscard]] std::uint64_t records_in(const std::string& rule) const {
        return engine->find(rule)->counts.records_in;
    }
    [[nodiscard]] bool has_caught_up(const std::string& rule) const {
        return eventually([&] { return engine->find(rule)->lag == 0; });
    }
};

} // namespace holdfast::test
