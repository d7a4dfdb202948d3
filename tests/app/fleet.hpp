#pragma once

#include "app/socket.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::test {

// One device's books. Its messages are numbered from 0; those in [0, acknowledged) were
// acknowledged, those in [acknowledged, next) may have been sent and are sent again, in order, over
// the next connection.
struct Device {
    std::string name;
    std::string topic;
    std::int64_t acknowledged = 0;
    std::int64_t next = 0;
    std::vector<int> times_sent; // by number
};

enum class Way : std::uint8_t { mqtt311, mqtt5, http };

// A client with devices of its own: the only one that publishes for them.
struct Publisher {
    std::string client_id;
    Way way = Way::mqtt5;
    std::vector<Device> devices;
};

struct Ports {
    std::uint16_t mqtt = 0;
    std::uint16_t http = 0;
};

// Publishers in threads, and what they were promised. Survives the server: run() again with the
// next one's ports. Called from one thread.
class Fleet {
public:
    // Every third publisher speaks MQTT 3.1.1, every third MQTT 5, every third HTTP.
    Fleet(std::size_t publishers, std::size_t devices_each);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    // Starts a thread for each publisher; it ends with its connection, or after finish().
    void run(Ports ports);
    // Waits until so many messages were acknowledged since run(); false where the publishers
    // ended before or it takes implausibly long.
    bool wait_for_acknowledged(std::int64_t count);
    // No new messages; waits until all that was sent is acknowledged or the server is gone.
    void finish();
    // The connections are to end by themselves, because the server was ended.
    void join();

    [[nodiscard]] const std::vector<Publisher>& publishers() const noexcept { return publishers_; }
    [[nodiscard]] std::int64_t acknowledged() const noexcept { return acknowledged_total_; }
    // What a server must not do: refuse a message, acknowledge out of order.
    [[nodiscard]] std::vector<std::string> faults() const;

private:
    void run_mqtt(Publisher& publisher, std::uint16_t port);
    void run_http(Publisher& publisher, std::uint16_t port);
    void note_acknowledged(std::int64_t count);
    void note_fault(std::string fault);
    void thread_ended();

    std::vector<Publisher> publishers_; // each is its thread's while that runs
    std::vector<std::thread> threads_;
    std::atomic<bool> is_finishing_ = false;
    std::atomic<std::int64_t> acknowledged_total_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t acknowledged_now_ = 0; // guarded by mutex_; since run()
    std::size_t running_ = 0;           // guarded by mutex_
    std::vector<std::string> faults_;   // guarded by mutex_
};

} // namespace holdfast::test
