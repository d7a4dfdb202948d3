#pragma once

#include <holdfast/kv/storage.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::kv {

// A Storage for tests: the real file system, except that a sync only marks what would survive, and
// that it can run out of space, fail, and lose power. Reads are untouched. Thread-safe.
class SimulatedStorage {
public:
    explicit SimulatedStorage(std::uint64_t seed);
    ~SimulatedStorage();

    [[nodiscard]] std::shared_ptr<Storage> storage() const;

    // From now on everything that writes fails with "no space", or works again.
    void set_full(bool full);
    // What free_bytes() says while not full; by default what the real file system says.
    void set_free_bytes(std::uint64_t bytes);
    // The `nth` write or sync from now (1 = the next) fails with an I/O error, and all after it
    // until heal(). 0 = never.
    void fail_after(std::uint64_t nth);
    void heal();
    [[nodiscard]] std::uint64_t writes_and_syncs() const;
    // From now on syncs of files wait, as on a disk that is slow, until they may go on.
    void hold_syncs(bool hold);
    void wait_for_held_sync() const; // until one waits

    // Cuts the power: from now on every write and sync fails, so that what still runs changes
    // nothing. Then close the database and call restore().
    void cut_power();
    // Gives the files the state of the cut: what was synced is there; of what was written behind
    // it a random part (a write may be torn); files and names that were not synced with their
    // directory may be gone. After it the storage works again.
    void restore();

    struct State;

private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Storage> storage_;
};

} // namespace holdfast::kv
