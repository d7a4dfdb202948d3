#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/kv/storage.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::kv {

// A column family of an open database. Keeps the database open while it lives; a dropped family
// stays readable until its last handle goes.
class FamilyHandle;
using Family = std::shared_ptr<FamilyHandle>;

// What a column family holds decides how it is tuned.
enum class FamilyUse : std::uint8_t {
    state,     // small values, rewritten often: compacted
    payload,   // large values written once and dropped with the family: never rewritten; keys that
               // share their first 8 bytes come in order
    compacted, // as payload, but some are replaced or removed, and their space comes back
};

// What to do about a write-ahead log that does not read.
enum class Salvage : std::uint8_t {
    none,           // fail with corrupt, unless only the tail is torn
    skip_damage,    // leave out what does not read; damaged tables fail when they are read
    stop_at_damage, // take what lies before the first damage
};

struct DatabaseOptions {
    std::filesystem::path directory;
    std::shared_ptr<Storage> storage; // null: local_storage()
    std::size_t write_buffer_bytes = 64U << 20U;
    std::size_t block_cache_bytes = 64U << 20U;
    std::uint64_t background_bytes_per_second = 200U << 20U; // flush and compaction
    // The use of a family that is found on disk, by its name.
    std::function<FamilyUse(std::string_view name)> use_of;
    // How to open past damage.
    Salvage salvage = Salvage::none;
    // Leave in the write-ahead log what is there, as far as memory allows: for a full disk.
    bool keep_logs = false;
    // As it stands, without touching a file, also beside a process that writes: what is not yet in
    // a table is read from the write-ahead log. Writes fail.
    bool read_only = false;
};

// Puts and deletes that are stored together or not at all. Not thread-safe.
class WriteBatch {
public:
    WriteBatch();
    WriteBatch(WriteBatch&&) noexcept;
    WriteBatch& operator=(WriteBatch&&) noexcept;
    ~WriteBatch();

    void put(const Family& family, ByteView key, ByteView value);
    void remove(const Family& family, ByteView key);
    // All keys in [first, end).
    void remove_range(const Family& family, ByteView first, ByteView end);
    void clear(); // keeps the capacity
    [[nodiscard]] bool empty() const;
    [[nodiscard]] std::size_t size_bytes() const;

    struct Impl;
    [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

// Walks the keys of one family in byte order, as they stood when it was made. One thread at a time.
// Where valid() turns false, status() tells the end from damage (corrupt) or a failed read (io).
class Iterator {
public:
    Iterator(Iterator&&) noexcept;
    Iterator& operator=(Iterator&&) noexcept;
    ~Iterator();

    void seek(ByteView key); // to the first key >= `key`
    void seek_before_end();  // to the last key below the upper bound (or the last of all)
    void next();
    [[nodiscard]] bool valid() const;
    [[nodiscard]] ByteView key() const;   // until the next move
    [[nodiscard]] ByteView value() const; // until the next move
    [[nodiscard]] Result<void> status() const;

    struct Impl; // made by Database::iterate()
    explicit Iterator(std::unique_ptr<Impl> impl);

private:
    std::unique_ptr<Impl> impl_;
};

// The file that lists a database's tables: its name ends in the number, and it only grows until
// another takes its place.
struct Manifest {
    std::uint32_t number = 0;
    std::uint32_t bytes = 0;
};
// Of a database that nobody has open, or after finish(). Errors: not_found (no database), corrupt,
// io.
[[nodiscard]] Result<Manifest> read_manifest(const Storage& storage,
                                             const std::filesystem::path& directory);

// One open RocksDB. All members are thread-safe, but writes come from one thread (they are not
// tuned for more). Destroying it (and its last Family) closes it without a flush: the write-ahead
// log has all.
class Database {
public:
    // Makes the database if there is none (unless it is opened read-only). Errors: io (in use, not
    // writable), corrupt, no_space.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
    ~Database();

    // "default" always exists. Null where there is none of that name.
    [[nodiscard]] Family family(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> family_names() const;
    [[nodiscard]] Result<Family> create_family(const std::string& name);
    // The family's space comes back when its last handle goes.
    [[nodiscard]] Result<void> drop_family(std::string_view name);

    // Atomic over all families; durable when it returns if `synced`, else in the kernel's hands.
    // After io or no_space nothing of it is visible, and the database has failed.
    [[nodiscard]] Result<void> write(const WriteBatch& batch, bool synced);
    // Makes durable what was written unsynced.
    [[nodiscard]] Result<void> sync();
    // Makes all durable and ends background work: no file changes any more until it is destroyed.
    [[nodiscard]] Result<void> finish();
    // Writes the family's memtable out to a table.
    [[nodiscard]] Result<void> flush(const Family& family);
    [[nodiscard]] Result<void> flush_all();
    // In memory and the write-ahead log only: what a flush would write, about.
    [[nodiscard]] std::uint64_t unflushed_bytes() const;
    // Everything that was written, as a database of its own in a directory that does not exist yet:
    // links to the tables, copies of the rest, and what is not yet in a table is flushed first.
    // Writes at the same time may be in it. Errors: already_exists, io, no_space; then nothing is
    // left of it.
    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory);
    // Rewrites the family's tables without what was replaced or removed: the space comes back.
    // Takes its time, beside writes; ends early, with ok, once `cancelled`.
    [[nodiscard]] Result<void> compact(const Family& family, std::atomic<bool>& cancelled);

    // Whether a call that changes something failed, on any thread: what the disk holds is unknown,
    // and the database must be reopened before it is written again (RocksDB asserts on it).
    [[nodiscard]] bool has_failed() const noexcept;

    [[nodiscard]] Result<std::optional<std::string>> get(const Family& family, ByteView key) const;
    // Keys below `upper_bound` only, where one is given.
    [[nodiscard]] Iterator iterate(const Family& family,
                                   std::optional<ByteView> upper_bound = {}) const;

private:
    struct Impl;
    explicit Database(std::unique_ptr<Impl> impl);
    void leave_damaged_uncompacted();
    [[nodiscard]] static Result<std::unique_ptr<Database>> try_open(const DatabaseOptions& options);
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::kv
