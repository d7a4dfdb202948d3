#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/client_info.hpp>
#include <holdfast/broker/shard.hpp>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

// The lists of the shards on their way to become one.
class Gathering {
public:
    Gathering(std::size_t shards, std::size_t limit, std::function<void(ClientList)> done)
        : limit_(limit), left_(shards), done_(std::move(done)) {}

    void add(ClientList list) {
        {
            const std::lock_guard lock(mutex_);
            sum_.is_truncated |= list.is_truncated;
            std::move(list.clients.begin(), list.clients.end(), std::back_inserter(sum_.clients));
            if (--left_ != 0) return;
        }
        // The last one: nobody else comes any more.
        std::ranges::sort(sum_.clients, {}, &ClientInfo::client_id);
        if (sum_.clients.size() > limit_) {
            sum_.clients.resize(limit_);
            sum_.is_truncated = true;
        }
        done_(std::move(sum_));
    }

private:
    const std::size_t limit_;
    std::mutex mutex_;
    std::size_t left_; // guarded by mutex_
    ClientList sum_;   // guarded by mutex_, until left_ is 0
    const std::function<void(ClientList)> done_;
};

class ClientsOfShards final : public Clients {
public:
    explicit ClientsOfShards(Broker& broker) : broker_(broker) {}

    void list(ClientQuery query, std::function<void(ClientList)> done) override {
        const auto gathering =
            std::make_shared<Gathering>(broker_.port_count(), query.limit, std::move(done));
        for (std::uint16_t i = 0; i < broker_.port_count(); ++i)
            broker_.port(i).post([gathering, query](Shard& shard) {
                shard.list_clients(
                    query, [gathering](ClientList list) { gathering->add(std::move(list)); });
            });
    }

    void find(std::string client_id, std::function<void(std::optional<ClientInfo>)> done) override {
        const std::uint16_t home = broker_.home_of(client_id);
        broker_.port(home).post([id = std::move(client_id), done = std::move(done)](Shard& shard) {
            done(shard.find_client(id));
        });
    }

    void disconnect(std::string client_id, std::string why,
                    std::function<void(bool)> done) override {
        const std::uint16_t home = broker_.home_of(client_id);
        broker_.port(home).post(
            [id = std::move(client_id), why = std::move(why),
             done = std::move(done)](Shard& shard) { done(shard.disconnect_client(id, why)); });
    }

private:
    Broker& broker_;
};

} // namespace

std::unique_ptr<Clients> clients_of(Broker& broker) {
    return std::make_unique<ClientsOfShards>(broker);
}

} // namespace holdfast::broker
