#pragma once

#include "app/ground.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/mqtt_gate.hpp"
#include "app/parts/part.hpp"

#include <holdfast/broker/broker.hpp>
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
    void reload() override; // after the identity part's

    [[nodiscard]] broker::Broker& broker() const noexcept { return *broker_; }
    [[nodiscard]] std::span<gateway::ShardThread* const> shards() const noexcept {
        return shard_pointers_;
    }
    [[nodiscard]] std::span<boost::asio::io_context* const> io_contexts() const noexcept {
        return io_contexts_;
    }

private:
    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    std::unique_ptr<MqttGate> gate_; // null: without users everybody may do everything
    std::unique_ptr<broker::Broker> broker_;
    std::vector<std::unique_ptr<gateway::ShardThread>> shards_;
    std::vector<gateway::ShardThread*> shard_pointers_;
    std::vector<boost::asio::io_context*> io_contexts_;
    bool shards_run_ = false;
};

} // namespace holdfast::app
