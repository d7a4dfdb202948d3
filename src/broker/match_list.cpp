#include <holdfast/broker/match_list.hpp>

#include <algorithm>

namespace holdfast::broker {
namespace {

std::vector<Receiver> join_overlapping(std::vector<Subscription> matched) {
    std::ranges::sort(matched);
    std::vector<Receiver> receivers;
    receivers.reserve(matched.size());
    for (const Subscription& one : matched) {
        if (receivers.empty() || receivers.back().session != one.session)
            receivers.push_back(
                {one.session, one.qos, one.is_v5, one.no_local, false, {}, one.queue});
        Receiver& receiver = receivers.back();
        receiver.qos = std::max(receiver.qos, one.qos);
        receiver.no_local = receiver.no_local && one.no_local;
        receiver.retain_as_published = receiver.retain_as_published || one.retain_as_published;
        if (one.identifier != 0) receiver.identifiers.push_back(one.identifier);
    }
    for (Receiver& receiver : receivers) std::ranges::sort(receiver.identifiers);
    return receivers;
}

std::size_t hash_of(const std::vector<Receiver>& receivers) noexcept {
    std::size_t hash = receivers.size();
    for (const Receiver& receiver : receivers) {
        const std::uint64_t both =
            std::uint64_t{receiver.session.slot} << 32U | receiver.session.generation;
        hash = (hash ^ both ^ receiver.session.shard) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29U;
    }
    return hash;
}

} // namespace

MatchList::MatchList(std::vector<Receiver> receivers) : receivers_(std::move(receivers)) {
    for (const Receiver& receiver : receivers_) {
        const std::uint16_t shard = receiver.session.shard;
        if (shards_.empty() || shards_.back() != shard) shards_.push_back(shard);
        has_no_local_ = has_no_local_ || receiver.no_local;
        has_retain_as_published_ = has_retain_as_published_ || receiver.retain_as_published;
        has_queue_ = has_queue_ || receiver.queue;
        for (std::uint8_t qos = 0; qos <= kQosMax; ++qos)
            if (!is_queued(receiver, qos))
                forms_[qos].add(wire_form(receiver.is_v5, std::min(qos, receiver.qos)));
    }
}

std::span<const Receiver> MatchList::of_shard(std::uint16_t shard) const {
    const auto [first, last] = std::ranges::equal_range(
        receivers_, shard, {}, [](const Receiver& receiver) { return receiver.session.shard; });
    return {first, last};
}

std::shared_ptr<const MatchList> MatchLists::intern(std::vector<Subscription> matched) {
    std::vector<Receiver> receivers = join_overlapping(std::move(matched));
    const std::size_t hash = hash_of(receivers);
    const auto [first, last] = by_hash_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
        if (auto known = it->second.lock(); known && known->receivers() == receivers) return known;
    }
    auto made = std::make_shared<const MatchList>(std::move(receivers));
    by_hash_.emplace(hash, made);
    if (by_hash_.size() > forget_at_) forget_unused();
    return made;
}

void MatchLists::forget_unused() {
    std::erase_if(by_hash_, [](const auto& entry) { return entry.second.expired(); });
    forget_at_ = std::max<std::size_t>(1024, by_hash_.size() * 2);
}

} // namespace holdfast::broker
