#pragma once

#include "log/ceilings.hpp"
#include "log/slice.hpp"
#include "log/stream_table.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/kv/database.hpp>
#include <holdfast/log/log.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

namespace holdfast::log {

// The open database and all that is known about it in memory. The committer thread changes it;
// readers use `streams`, `states` and what partitions show, under a shared lock of `reopening`.
struct Store {
    static constexpr const char* kCeilingsFile = "offset-ceilings";

    LogOptions options;
    std::shared_ptr<kv::Storage> storage; // never null

    // Held shared by every read; held alone while recovery replaces all that follows.
    mutable std::shared_mutex reopening;

    std::unique_ptr<kv::Database> database; // null after a failed reopening
    kv::Family meta;
    kv::Family producers; // partition 8 | producer 8; null in an older log opened read-only
    kv::Family aborted;   // partition 8 | the marker's offset 8; likewise
    kv::Family times;     // partition 8 | one past the last offset covered 8; likewise
    struct State {
        std::string_view keyspace;
        kv::Family family; // null in an older log opened read-only: then the keyspace is empty
    };
    std::vector<State> states; // of LogOptions::keyspaces; fixed while the log is open
    StreamTable streams;

    // Committer thread only.
    SliceSet slices;
    std::uint32_t next_stream_id = 1;
    std::int64_t next_producer_id = 0; // not yet reserved on disk
    std::size_t producer_count = 0;    // of all partitions
    std::optional<Ceilings> ceilings;

    // Of a keyspace that the log was opened with; another one is a mistake of its user.
    [[nodiscard]] const kv::Family& state_family(Keyspace keyspace) const noexcept {
        const auto at = std::ranges::find(states, keyspace.name, &State::keyspace);
        if (at == states.end()) std::terminate();
        return at->family;
    }
    [[nodiscard]] std::uint64_t slice_bytes_max() const noexcept {
        // 64 tables in a slice: what one look-up has to ask at worst. And small enough to go alone
        // when the directory's bound asks for it.
        const std::uint64_t bytes = 64 * static_cast<std::uint64_t>(options.write_buffer_bytes);
        return options.disk_bytes_max == 0 ? bytes : std::min(bytes, options.disk_bytes_max / 16);
    }
    [[nodiscard]] std::filesystem::path ceilings_file() const {
        return options.directory / kCeilingsFile;
    }
};

// Lets go of the database; nothing of it may be in use (`reopening` held alone).
void close_store(Store& store);

} // namespace holdfast::log
