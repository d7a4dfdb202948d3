#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace holdfast::rules {

// Where an entry stands among the pages; a member of it.
struct PageSlot {
    std::uint32_t page = 0;
    std::uint32_t index = 0;
};

// Spreads entries over numbered pages of at most kEntriesMax and knows which pages have changed,
// so that a checkpoint writes those alone. `Entry` is a node of a std::map whose mapped value has a
// PageSlot `slot`; nodes outlive their place here. Which page an entry is in means nothing.
template <class Entry>
class StatePages {
public:
    static constexpr std::size_t kEntriesMax = 256;

    // A new entry: into the first page with room.
    void add(Entry& entry) {
        const std::uint32_t page =
            open_.empty() ? static_cast<std::uint32_t>(pages_.size()) : *open_.begin();
        put(entry, page);
        changed_.insert(page);
    }
    // One that was loaded from `page`.
    void put(Entry& entry, std::uint32_t page) {
        while (pages_.size() <= page) {
            open_.insert(static_cast<std::uint32_t>(pages_.size()));
            pages_.emplace_back();
        }
        std::vector<Entry*>& entries = pages_[page];
        entry.second.slot = {page, static_cast<std::uint32_t>(entries.size())};
        entries.push_back(&entry);
        if (entries.size() >= kEntriesMax) open_.erase(page);
    }
    void remove(Entry& entry) {
        const PageSlot slot = entry.second.slot;
        std::vector<Entry*>& entries = pages_[slot.page];
        assert(slot.index < entries.size() && entries[slot.index] == &entry);
        entries[slot.index] = entries.back();
        entries[slot.index]->second.slot = slot;
        entries.pop_back();
        open_.insert(slot.page);
        changed_.insert(slot.page);
    }
    void touch(const Entry& entry) { changed_.insert(entry.second.slot.page); }

    [[nodiscard]] const std::vector<Entry*>& entries(std::uint32_t page) const {
        return pages_[page];
    }
    // Since last asked.
    [[nodiscard]] std::set<std::uint32_t> take_changed() {
        std::set<std::uint32_t> changed;
        changed.swap(changed_);
        return changed;
    }

private:
    std::vector<std::vector<Entry*>> pages_;
    std::set<std::uint32_t> open_; // pages with room
    std::set<std::uint32_t> changed_;
};

} // namespace holdfast::rules
