#include <gateway/rest/topic_table.hpp>

#include <holdfast/topic/topic.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace holdfast::gateway {
namespace {

// Of a topic without its texts: the state, a list node, a hash node and a tree node of libstdc++.
constexpr std::size_t kTopicBytes = sizeof(TopicState) + 16 + 40 + 40;
constexpr double kRateElapsedMinMs = 1'000; // two messages of one moment are not a rate

// The first bytes that are whole characters, where the text is UTF-8 at all.
std::string_view beginning(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > bytes_max - 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end);
}

double decay(std::int64_t from_ms, std::int64_t to_ms) {
    return std::exp(-static_cast<double>(std::max<std::int64_t>(to_ms - from_ms, 0)) /
                    kRateWindowMs);
}

std::size_t bytes_of(std::string_view topic) {
    return kTopicBytes + topic.size() + kTopicPayloadBytesMax;
}

bool is_good_name(std::string_view topic) {
    return topic.size() <= topic::kTopicBytesMax && topic::is_topic_name(topic) && is_utf8(topic);
}

// The first name that is neither `node` nor below it.
std::string behind(std::string node) {
    return std::move(node) + '\x01'; // the least byte but `/`, in the order of levels
}

} // namespace

double rate_of(const TopicState& topic, std::int64_t now_ms) noexcept {
    if (topic.messages == 0) return 0;
    const double seen_ms =
        std::max(static_cast<double>(now_ms - topic.first_ms), kRateElapsedMinMs);
    const double weight_ms = kRateWindowMs * (1 - std::exp(-seen_ms / kRateWindowMs));
    return topic.decayed * decay(topic.last_ms, now_ms) / weight_ms * 1'000;
}

bool TopicTable::ByLevel::operator()(std::string_view left, std::string_view right) const noexcept {
    const auto both = std::min(left.size(), right.size());
    const auto [l, r] = std::mismatch(
        left.begin(), left.begin() + static_cast<std::ptrdiff_t>(both), right.begin());
    const auto at = static_cast<std::size_t>(l - left.begin());
    if (at == both) return left.size() < right.size();
    const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
    return rank(*l) < rank(*r);
}

void TopicTable::see(const Message& message) {
    const auto found = by_name_.find(message.topic);
    if (found == by_name_.end()) {
        if (!is_good_name(message.topic)) return;
        while (!take_room(bytes_of(message.topic))) {
            if (by_age_.empty()) return;
            drop_oldest();
        }
        update(add(message.topic, by_age_.begin()), message);
        return;
    }
    by_age_.splice(by_age_.begin(), by_age_, found->second);
    update(*found->second, message);
}

void TopicTable::update(TopicState& topic, const Message& message) {
    if (topic.messages++ == 0) topic.first_ms = topic.last_ms = message.ts_ms;
    // A producer's clock may go back: such a message counts as one of now.
    topic.decayed = topic.decayed * decay(topic.last_ms, message.ts_ms) + 1;
    topic.last_ms = std::max(topic.last_ms, message.ts_ms);
    topic.stream = message.partition.stream;
    topic.partition = message.partition.index;
    topic.offset = message.offset;
    topic.change = ++last_change_;
    set_payload(topic, message.payload);
}

void TopicTable::see_retained(std::string_view topic, ByteView payload) {
    if (by_name_.contains(topic) || !is_good_name(topic)) return;
    if (take_room(bytes_of(topic))) set_payload(add(topic, by_age_.end()), payload);
}

bool TopicTable::take_room(std::size_t bytes) {
    if (by_age_.size() >= kTopicsMax || bytes_ + bytes > bytes_max_) return false;
    if (!memory_.try_take(bytes)) return false;
    bytes_ += bytes;
    return true;
}

TopicState& TopicTable::add(std::string_view topic, Topics::iterator at) {
    const auto added = by_age_.emplace(at);
    added->topic = topic;
    by_name_.emplace(added->topic, added);
    by_level_.insert(&*added);
    return *added;
}

void TopicTable::set_payload(TopicState& topic, ByteView payload) {
    topic.payload_bytes = payload.size();
    topic.payload = beginning(as_text(payload), kTopicPayloadBytesMax);
}

void TopicTable::drop_oldest() {
    const TopicState& oldest = by_age_.back();
    const std::size_t bytes = bytes_of(oldest.topic);
    by_level_.erase(&oldest);
    by_name_.erase(oldest.topic);
    by_age_.pop_back();
    bytes_ -= bytes;
    memory_.give_back(bytes);
    ++left_out_;
}

void TopicTable::clear() {
    by_level_.clear();
    by_name_.clear();
    by_age_.clear();
    memory_.give_back(std::exchange(bytes_, 0));
}

std::vector<TopicTable::Node> TopicTable::children(const std::string* prefix,
                                                   const std::string* after, std::size_t max,
                                                   std::int64_t now_ms,
                                                   const IsShown& is_shown) const {
    std::vector<Node> nodes;
    const std::string base = prefix != nullptr ? *prefix + '/' : std::string();
    auto at = after != nullptr ? by_level_.lower_bound(std::string_view(behind(base + *after)))
                               : by_level_.lower_bound(std::string_view(base));
    for (; at != by_level_.end(); ++at) {
        const TopicState& topic = **at;
        if (!topic.topic.starts_with(base)) break;
        const auto rest = std::string_view(topic.topic).substr(base.size());
        const auto level = rest.substr(0, rest.find('/'));
        const bool is_new = nodes.empty() || nodes.back().level != level;
        if (!is_shown(topic)) continue;
        if (is_new && nodes.size() == max) break;
        if (is_new) nodes.emplace_back().level = level;
        Node& node = nodes.back();
        if (level.size() == rest.size()) node.topic = &topic;
        ++node.topics;
        node.messages += topic.messages;
        node.rate += rate_of(topic, now_ms);
        node.last_ms = std::max(node.last_ms, topic.last_ms);
    }
    return nodes;
}

std::vector<const TopicState*> TopicTable::find(std::string_view after, std::size_t max,
                                                const IsShown& is_shown) const {
    std::vector<const TopicState*> found;
    for (auto at = by_level_.upper_bound(after); at != by_level_.end() && found.size() < max; ++at)
        if (is_shown(**at)) found.push_back(*at);
    return found;
}

void TopicTable::each_since(std::uint64_t change,
                            const std::function<bool(const TopicState&)>& each) const {
    for (const TopicState& topic : by_age_)
        if (topic.change <= change || !each(topic)) return;
}

} // namespace holdfast::gateway
