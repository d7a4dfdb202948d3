#include "app/parts/broker_part.hpp"

#include "app/settings_of_config.hpp"

#include <sched.h>
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Of all shards. With what HTTP takes below the ten seconds that service managers and containers
// give before they kill.
constexpr std::chrono::milliseconds kStopPatience{5'000};
constexpr std::size_t kReaders = 2;    // of the disk, for all shards
constexpr std::size_t kShardsMax = 64; // the bound of `shards` in the configuration

// Cores this process may use: an affinity mask or a container counts, not what the machine has.
std::size_t usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
    return std::max(1U, std::thread::hardware_concurrency());
}

std::chrono::milliseconds left_until(SteadyClock::time_point deadline) {
    const auto left = deadline - SteadyClock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(0));
}

} // namespace

Result<void> BrokerPart::start() {
    const config::Config& config = ground_.config;
    HF_TRY(broker::Bridge bridge, broker::Bridge::make(route_settings(config.bridge)));
    broker_ = std::make_unique<broker::Broker>(broker_settings(config.mqtt, config.limits),
                                               std::move(bridge), log_.log(), ground_.clock,
                                               ground_.memory, ground_.metrics);
    if (identity_.has_users()) {
        gate_ = std::make_unique<MqttGate>(identity_.authenticator(), ground_.audit);
        broker_->set_gate(*gate_);
    }
    addresses_ =
        std::make_unique<gateway::AddressLimits>(address_limits(config.limits), ground_.metrics);
    const std::size_t count = config.shards != 0 ? config.shards : usable_cores();
    for (std::size_t i = 0; i < std::min(count, kShardsMax); ++i) {
        shards_.push_back(std::make_unique<gateway::ShardThread>(
            static_cast<std::uint16_t>(i), *broker_, ground_.metrics, input_limits(config.limits)));
        broker_->add_port(*shards_.back());
        shard_pointers_.push_back(shards_.back().get());
        io_contexts_.push_back(&shards_.back()->io());
    }
    clients_ = broker::clients_of(*broker_);
    ground_.memory.take(broker_->fixed_bytes());
    HF_TRY(broker_->load());
    for (const auto& shard : shards_) {
        HF_TRY(shard->load());
    }
    broker_->reads().start(kReaders);
    for (const auto& shard : shards_) shard->start();
    shards_run_ = true;
    // Whoever changes users or rights: a file, a signal, a request.
    identity_.authenticator().add_follower([this] { follow_rights(); });
    return ok();
}

void BrokerPart::follow_rights() const {
    if (shards_run_) broker_->follow_rights();
}

void BrokerPart::stop() {
    if (!std::exchange(shards_run_, false)) return;
    const auto deadline = SteadyClock::now() + kStopPatience;
    for (const auto& shard : shards_) shard->stop(left_until(deadline));
    broker_->reads().stop(); // while the shards, to which it answers, are still there
}

} // namespace holdfast::app
