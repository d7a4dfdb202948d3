#include "rules/window_store.hpp"

#include "rules/state_codec.hpp"

namespace holdfast::rules {

WindowStore::Group* WindowStore::group(std::int64_t start_us, std::string_view device) {
    const auto window = windows_.find(start_us);
    if (window != windows_.end()) {
        const auto found = window->second.find(device);
        if (found != window->second.end()) return &found->second;
    }
    if (group_count_ >= groups_max_) return nullptr;
    ++group_count_;
    Group& made = windows_[start_us][std::string(device)];
    made.aggregates.resize(aggregates_);
    return &made;
}

WindowStore::Groups WindowStore::take_first() {
    Groups groups = std::move(windows_.begin()->second);
    windows_.erase(windows_.begin());
    group_count_ -= groups.size();
    return groups;
}

void WindowStore::encode(ByteWriter& out) const {
    out.varlong(static_cast<std::int64_t>(windows_.size()));
    for (const auto& [start_us, groups] : windows_) {
        out.varlong(start_us);
        out.varlong(static_cast<std::int64_t>(groups.size()));
        for (const auto& [device, group] : groups) {
            put_text(out, device);
            out.u8(group.hops);
            for (const auto& aggregate : group.aggregates) aggregate.encode(out);
        }
    }
}

Result<void> WindowStore::decode(ByteReader& in) {
    windows_.clear();
    group_count_ = 0;
    HF_TRY(const auto windows, take_count(in));
    for (std::size_t i = 0; i < windows; ++i) {
        HF_TRY(const auto start_us, in.varlong());
        HF_TRY(const auto groups, take_count(in));
        for (std::size_t j = 0; j < groups; ++j) {
            HF_TRY(const auto device, take_text(in));
            Group& group = windows_[start_us][device];
            HF_TRY(group.hops, in.u8());
            for (std::size_t k = 0; k < aggregates_; ++k) {
                HF_TRY(auto aggregate, sql::AggregateState::decode(in));
                group.aggregates.push_back(std::move(aggregate));
            }
            ++group_count_;
        }
    }
    return ok();
}

} // namespace holdfast::rules
