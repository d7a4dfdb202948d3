#pragma once

#include "app/ground.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/mqtt_gate.hpp"
#include "app/parts/part.hpp"

#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/client_info.hpp>
#include <holdfast/gateway/address_limits.hpp>
#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <span>
#include <vector>

namespace holdfast::app {

// The broker and the threads of its shards, which run all sockets.
class BrokerPart final : public Part {
public:
    BrokerPart(Ground& ground, const IdentityPart& identity, const LogPart& log)
        : ground_(ground), identity_(identity), log_(log) {}

    Result<void> start() override;
    void stop() override;

    [[nodiscard]] broker::Broker& broker() const noexcept { return *broker_; }
    [[nodiscard]] broker::Clients& clients() const noexcept { return *clients_; }
    [[nodiscard]] std::span<gateway::ShardThread* const> shards() const noexcept {
        return shard_pointers_;
    }
    [[nodiscard]] std::span<boost::asio::io_context* const> io_contexts() const noexcept {
        return io_contexts_;
    }

    // Of MQTT's connections, by whatever listener they come. Null: no limit.
    [[nodiscard]] gateway::AddressLimits* addresses() const noexcept {
        return addresses_->is_on() ? addresses_.get() : nullptr;
    }

private:
    void follow_rights() const;

    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    std::unique_ptr<MqttGate> gate_; // null: without users everybody may do everything
    std::unique_ptr<broker::Broker> broker_;
    std::unique_ptr<broker::Clients> clients_;
    std::unique_ptr<gateway::AddressLimits> addresses_;
    std::vector<std::unique_ptr<gateway::ShardThread>> shards_;
    std::vector<gateway::ShardThread*> shard_pointers_;
    std::vector<boost::asio::io_context*> io_contexts_;
    bool shards_run_ = false;
};

} // namespace holdfast::app
