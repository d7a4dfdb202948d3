#include "app/fleet.hpp"

#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/publish.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::test {
namespace {

constexpr std::size_t kWindow = 64; // unacknowledged messages of one MQTT publisher

std::string payload_of(std::int64_t number) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return fmt::format(R"({{"seq":{},"ts":{}}})", number, now.count());
}

// The next number of `device`, counted as sent.
std::int64_t take_number(Device& device) {
    const std::int64_t number = device.next++;
    const auto index = static_cast<std::size_t>(number);
    if (device.times_sent.size() <= index) device.times_sent.resize(index + 1);
    ++device.times_sent[index];
    return number;
}

struct Inflight {
    std::uint16_t packet_id = 0;
    Device* device = nullptr;
    std::int64_t number = 0;
};

} // namespace

Fleet::Fleet(std::size_t publishers, std::size_t devices_each) {
    for (std::size_t i = 0; i < publishers; ++i) {
        Publisher publisher;
        publisher.client_id = fmt::format("publisher-{}", i);
        publisher.way = static_cast<Way>(i % 3);
        for (std::size_t d = 0; d < devices_each; ++d) {
            Device device;
            device.name = fmt::format("car-{}-{}", i, d);
            // The last device of each goes to the stream that is not fsync-ed.
            const bool is_loose = d + 1 == devices_each;
            device.topic =
                fmt::format("{}/{}/telemetry", is_loose ? "loose" : "fleet", device.name);
            publisher.devices.push_back(std::move(device));
        }
        publishers_.push_back(std::move(publisher));
    }
}

Fleet::~Fleet() {
    is_finishing_ = true;
    join();
}

void Fleet::run(Ports ports) {
    join();
    is_finishing_ = false;
    acknowledged_now_ = 0;
    running_ = publishers_.size();
    for (Publisher& publisher : publishers_) {
        for (Device& device : publisher.devices) device.next = device.acknowledged;
        threads_.emplace_back([this, &publisher, ports] {
            if (publisher.way == Way::http)
                run_http(publisher, ports.http);
            else
                run_mqtt(publisher, ports.mqtt);
            thread_ended();
        });
    }
}

void Fleet::run_mqtt(Publisher& publisher, std::uint16_t port) {
    MqttSocket socket(port);
    const auto version = publisher.way == Way::mqtt5 ? mqtt::Version::v5 : mqtt::Version::v311;
    if (!socket.connect(publisher.client_id, version)) return;
    std::deque<Inflight> inflight;
    std::uint16_t packet_id = 0;
    std::size_t turn = 0;
    for (;;) {
        Bytes out;
        while (!is_finishing_ && inflight.size() < kWindow) {
            Device& device = publisher.devices[turn++ % publisher.devices.size()];
            const std::int64_t number = take_number(device);
            packet_id = static_cast<std::uint16_t>(packet_id % 65'535 + 1);
            inflight.push_back({packet_id, &device, number});
            const std::string payload = payload_of(number);
            mqtt::Publish publish;
            publish.topic = device.topic;
            publish.payload = as_bytes(payload);
            publish.qos = mqtt::Qos::at_least_once;
            publish.packet_id = packet_id;
            mqtt::encode_publish(out, publish, version);
        }
        if (!socket.write(out) || inflight.empty()) return;
        const auto packet = socket.next();
        if (!packet) return;
        const auto ack = mqtt::decode_ack(packet->type, packet->body, version);
        if (packet->type != mqtt::PacketType::puback || !ack)
            return note_fault(fmt::format("{}: packet type {} in place of a PUBACK",
                                          publisher.client_id, static_cast<int>(packet->type)));
        if (ack.value().packet_id != inflight.front().packet_id)
            return note_fault(fmt::format("{}: PUBACK {} in place of {}", publisher.client_id,
                                          ack.value().packet_id, inflight.front().packet_id));
        if (static_cast<unsigned>(ack.value().reason) >= 0x80)
            return note_fault(fmt::format("{}: refused: {}", publisher.client_id,
                                          mqtt::to_string(ack.value().reason)));
        inflight.front().device->acknowledged = inflight.front().number + 1;
        inflight.pop_front();
        note_acknowledged(1);
    }
}

void Fleet::run_http(Publisher& publisher, std::uint16_t port) {
    Socket socket(port);
    for (std::size_t turn = 0; socket.is_open() && !is_finishing_; ++turn) {
        Device& device = publisher.devices[turn % publisher.devices.size()];
        std::int64_t number = take_number(device);
        HttpAnswer answer;
        if (turn % 2 == 0) {
            answer = http_post(socket, "/api/v1/publish/" + device.topic, "application/json",
                               payload_of(number));
        } else { // some in one request: all or none
            std::string lines;
            for (int i = 0; i < 5; ++i) {
                if (i != 0) number = take_number(device);
                lines += fmt::format("{{\"topic\":\"{}\",\"payload\":{}}}\n", device.topic,
                                     payload_of(number));
            }
            answer = http_post(socket, "/api/v1/publish", "application/x-ndjson", lines);
        }
        if (answer.status == 0) return;
        if (answer.status / 100 != 2)
            return note_fault(
                fmt::format("{}: refused: {} {}", publisher.client_id, answer.status, answer.body));
        const std::int64_t count = number + 1 - device.acknowledged;
        device.acknowledged = number + 1;
        note_acknowledged(count);
    }
}

void Fleet::note_acknowledged(std::int64_t count) {
    acknowledged_total_ += count;
    const std::lock_guard lock(mutex_);
    acknowledged_now_ += count;
    changed_.notify_all();
}

void Fleet::note_fault(std::string fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::move(fault));
}

void Fleet::thread_ended() {
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
}

bool Fleet::wait_for_acknowledged(std::int64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60),
                      [&] { return acknowledged_now_ >= count || running_ == 0; });
    return acknowledged_now_ >= count;
}

void Fleet::finish() {
    is_finishing_ = true;
    join();
}

void Fleet::join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

std::vector<std::string> Fleet::faults() const {
    const std::lock_guard lock(mutex_);
    return faults_;
}

} // namespace holdfast::test
