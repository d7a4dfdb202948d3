// Goal: a batch that may pass over what can never be stored stores the rest in order and says what
// was left out and why; one that may not is refused whole. Method: shards over a log in memory.
#include "broker/broker_bench.hpp"

#include <holdfast/rules/keyspace.hpp>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;

namespace {

OutMessage to(const std::string& topic, std::string payload) {
    OutMessage message;
    message.topic = topic;
    message.device = "car-1";
    message.payload = std::move(payload);
    return message;
}

PublishBatch three_with_one_too_large() {
    PublishBatch batch;
    batch.messages.push_back(to("fleet/car-1/in", "1"));
    batch.messages.push_back(to("fleet/car-1/in", std::string(8U << 20U, 'x')));
    batch.messages.push_back(to("fleet/car-1/in", "3"));
    batch.state_changes.push_back({rules::kKeyspace, "key", "value"});
    return batch;
}

} // namespace

TEST_CASE("a message that no stream takes is passed over, the others are stored", "[broker]") {
    BrokerBench bench;
    PublishBatch batch = three_with_one_too_large();
    batch.messages.insert(batch.messages.begin(), to("a/#", "no topic"));
    batch.passes_over = true;
    std::optional<Result<std::vector<Placed>>> outcome;
    bench.broker->publish(std::move(batch), [&](auto placed) { outcome = std::move(placed); });
    bench.settle();
    REQUIRE(outcome);
    REQUIRE(outcome->has_value());
    const auto& placed = outcome->value();
    REQUIRE(placed.size() == 4);
    CHECK(placed[0].refused->code == Errc::malformed);
    CHECK_FALSE(placed[1].refused);
    CHECK(placed[2].refused->code == Errc::too_large);
    CHECK_FALSE(placed[3].refused);
    CHECK(placed[3].offset == placed[1].offset + 1);
    REQUIRE(bench.log.stored.size() == 2);
    CHECK(bench.log.stored[0].value == "1");
    CHECK(bench.log.stored[1].value == "3");
}

TEST_CASE("a batch that passes nothing over, or misses its stream, is refused whole", "[broker]") {
    BrokerBench bench;
    PublishBatch batch = three_with_one_too_large();
    const bool misses_stream = GENERATE(false, true);
    if (misses_stream) {
        batch.passes_over = true;
        batch.messages[0].stream = "gone";
    }
    std::optional<Result<std::vector<Placed>>> outcome;
    bench.broker->publish(std::move(batch), [&](auto placed) { outcome = std::move(placed); });
    bench.settle();
    REQUIRE(outcome);
    REQUIRE(outcome->has_error());
    CHECK(outcome->error().code == (misses_stream ? Errc::not_found : Errc::too_large));
    CHECK(bench.log.stored.empty());
}
