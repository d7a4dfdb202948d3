#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/kv/storage.hpp>

#include <filesystem>
#include <memory>

namespace holdfast::kv {

// Small files beside a database, on the same Storage.

// The whole file, at most `bytes_max`. Errors: not_found, limit_exceeded, io.
[[nodiscard]] Result<Bytes> read_side_file(const Storage& storage,
                                           const std::filesystem::path& path,
                                           std::size_t bytes_max = 64U << 20U);

// Puts `content` in the file's place: after a power loss either the old or the new one is there.
// Errors: io, no_space.
[[nodiscard]] Result<void> replace_side_file(const Storage& storage,
                                             const std::filesystem::path& path, ByteView content);

// Makes the directory (and its parents) if it is absent. Errors: io.
[[nodiscard]] Result<void> make_directory(const Storage& storage,
                                          const std::filesystem::path& path);

// A file that only grows. One thread at a time.
class AppendFile {
public:
    // Opens an existing file at its end. Errors: io.
    [[nodiscard]] static Result<AppendFile> open(const Storage& storage,
                                                 const std::filesystem::path& path);
    AppendFile(AppendFile&&) noexcept;
    AppendFile& operator=(AppendFile&&) noexcept;
    ~AppendFile();

    // Durable when it returns. After an error the file's tail is undefined. Errors: io, no_space.
    [[nodiscard]] Result<void> append_synced(ByteView bytes);

private:
    struct Impl;
    explicit AppendFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::kv
