#pragma once

#include <holdfast/history/follower.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::history {

// A device that is to leave a stream's history and log.
struct Erasure {
    StreamId stream{};
    std::string device;
    std::string actor; // who asked for it, and from where: may be empty
    std::string address;
    std::int64_t asked_ms = 0;
    Offsets below;             // by partition: records of earlier offsets go
    std::uint64_t rows = 0;    // that went from history so far
    std::uint64_t records = 0; // that went from the log so far
    std::string trouble{};     // why it waits; empty: it does not
};

// Erases devices, one after the other, in a thread of its own. What is asked for lies in the log's
// state until it is done: whatever happens in between, it goes on, and a history that is built anew
// leaves those rows out. Thread-safe.
class DeviceErasures {
public:
    struct Parts { // all outlive it
        log::Log& log;
        Store& store;
        const Follower& follower;
    };
    using Done = std::function<void(const Erasure&)>; // called on the thread of the work

    DeviceErasures(Parts parts, Done done);
    ~DeviceErasures(); // interrupts what is under way: it goes on with the next start

    // Takes up what was under way; before the follower tells the first row. Errors: io, corrupt.
    [[nodiscard]] Result<void> start();

    // All of the device that the log holds now. Durable when it returns; what was asked for the
    // same device before goes on with this. Errors: not_found (no such stream, or history does not
    // keep it: as the audit, which must keep what it says; or no such device), limit_exceeded
    // (too many are under way), and those of a write to the log. Cost: of a device that history
    // does not know, a look through the log, or its first 64 MiB: where there are more it counts as
    // known.
    [[nodiscard]] Result<void> ask(StreamId stream, std::string_view device, std::string_view actor,
                                   std::string_view address, std::int64_t now_ms);
    // By stream and device.
    [[nodiscard]] std::vector<Erasure> under_way() const;

private:
    using Name = std::pair<StreamId, std::string>;
    struct Entry {
        Erasure what;
        std::uint64_t asked = 0;  // how often
        std::uint64_t erased = 0; // of which this one is done, but for rows that are on their way
        bool is_resumed = false;
    };

    [[nodiscard]] Result<bool> knows(const Name& name) const;
    void loop(const std::stop_token& stop);
    [[nodiscard]] Result<void> work_on(const Name& name, const std::stop_token& stop);
    [[nodiscard]] Result<void> erase_from_log(const Name& name, const Offsets& below,
                                              bool is_resumed, const std::stop_token& stop);
    [[nodiscard]] bool has_passed(const Erasure& what) const;
    [[nodiscard]] Result<void> finish(const Name& name, std::uint64_t asked);
    [[nodiscard]] Result<void> add(const Name& name, const Offsets& below, std::uint64_t rows,
                                   std::uint64_t records);
    void note_trouble(const Name& name, const std::string& why);
    [[nodiscard]] Result<void> save(const Erasure& what);

    const Parts parts_;
    const Done done_;
    std::mutex saving_; // of the log's state: what is asked for and what ends, one at a time
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<Name, Entry> entries_; // guarded by mutex_
    bool is_new_ = false;           // guarded by mutex_: something was asked for
    std::jthread thread_;           // last: it uses the others
};

} // namespace holdfast::history
