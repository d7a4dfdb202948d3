#include <holdfast/broker/topic_cache.hpp>

#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <xxhash.h>

namespace holdfast::broker {

namespace {

// With its place in the table and what the heap adds. Match lists are shared.
std::size_t bytes_of(const TopicEntry& entry) noexcept {
    constexpr std::size_t kPlaceBytes = 128;
    std::size_t bytes = sizeof(TopicEntry) + kPlaceBytes + entry.topic.capacity();
    bytes += entry.device.capacity();
    for (const RecordHeaders& headers : entry.headers) bytes += headers.bytes.capacity();
    return bytes;
}

} // namespace

std::size_t TopicCache::TextHash::operator()(std::string_view text) const noexcept {
    return XXH3_64bits(text.data(), text.size());
}

void RecordHeaders::add(std::string_view name, ByteView value) {
    record::encode_header(bytes, name, value);
    ++count;
}

TopicEntry& TopicCache::add(std::string_view topic) {
    if (entries_.size() >= kTopicsMax || bytes_ >= bytes_max_) forget();

    auto entry = std::make_unique<TopicEntry>();
    entry->topic = topic;
    for (RecordHeaders& headers : entry->headers)
        headers.add(record::kHeaderMqttTopic, as_bytes(topic));
    entry->headers[1].add(record::kHeaderMqttQos, as_bytes("1"));
    entry->headers[2].add(record::kHeaderMqttQos, as_bytes("2"));
    if (auto destination = bridge_.resolve(topic)) {
        entry->stream = stream(destination->stream, entry->first_slot);
        entry->device_from = destination->device_from;
        entry->device = std::move(destination->device);
        if (entry->stream && entry->device_from == Bridge::DeviceFrom::topic)
            entry->partition =
                record::partition_for(as_bytes(entry->device), entry->stream->settings.partitions);
    }
    refresh(*entry);
    bytes_ += bytes_of(*entry);
    const std::string_view key = entry->topic;
    return *entries_.emplace(key, std::move(entry)).first->second;
}

void TopicCache::refresh(TopicEntry& entry) {
    // The version is read first: a change that comes in between only costs one more refresh.
    entry.subscriptions_version = subscriptions_.version();
    std::vector<Subscription> matched;
    subscriptions_.match(entry.topic, matched);
    entry.matches = match_lists_.intern(std::move(matched));
}

std::shared_ptr<const log::Stream> TopicCache::stream(std::string_view name,
                                                      std::uint32_t& first_slot) {
    auto found = log_.find_stream(name);
    if (found) first_slot = slots_of(*found);
    return found;
}

std::uint32_t TopicCache::slots_of(const log::Stream& stream) {
    Slots& known = slots_of_stream_[number(stream.id)];
    if (known.count < stream.settings.partitions) { // new, or it has grown
        known = {slots_, stream.settings.partitions};
        slots_ += stream.settings.partitions;
    }
    return known.first;
}

void TopicCache::forget() {
    entries_.clear();
    bytes_ = 0;
    ++epoch_;
}

} // namespace holdfast::broker
