#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace holdfast::kv {

// The file system under a database: opaque, so that tests can pass one that fails, tears writes or
// forgets what was not synced (simulated_storage.hpp). Thread-safe.
class Storage {
public:
    struct Access; // what src/kv sees of it

    explicit Storage(std::unique_ptr<Access> access);
    ~Storage();
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    [[nodiscard]] Access& access() const noexcept { return *access_; }

    // Bytes that the file system which holds `path` can still take. Errors: io.
    [[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const;

private:
    std::unique_ptr<Access> access_;
};

// The real file system.
[[nodiscard]] std::shared_ptr<Storage> local_storage();

} // namespace holdfast::kv
