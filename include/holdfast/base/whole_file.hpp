#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <sys/types.h>
#include <cstddef>
#include <filesystem>
#include <string>

namespace holdfast {

struct WholeFile {
    mode_t mode = 0640; // less the umask
    // What root writes beside a server of another user must stay readable for that one: see
    // give_to_owner_of().
    bool keeps_owner = false;
    std::string old_ending{}; // what was there before is kept as FILE + this; empty: it is not
};

// Puts a file in its place, whole or not at all, also after a power loss: it is written to
// FILE.new, synced and renamed, and the directory is synced. What a write left that was cut short
// is replaced. Errors, naming the file: io, no_space. Blocks on the disk.
[[nodiscard]] Result<void> write_whole(const std::filesystem::path& file, ByteView bytes,
                                       const WholeFile& how = {});

// Makes a file that is not there yet, durably; one that cannot be written whole goes again. Errors,
// naming the file: already_exists, io, no_space.
[[nodiscard]] Result<void> write_new(const std::filesystem::path& file, ByteView bytes,
                                     mode_t mode);

// As root, gives a file that is open to whom `file` belongs or, where there is none yet, to its
// directory's owner; nothing for others, who may not. io.
[[nodiscard]] Result<void> give_to_owner_of(const std::filesystem::path& file, int opened);

// Names of files in it are durable from now on. io, naming it.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

// Errors, naming the file: not_found; io, also where it is no regular file; too_large beyond
// `bytes_max`.
[[nodiscard]] Result<Bytes> read_whole(const std::filesystem::path& file, std::size_t bytes_max);

} // namespace holdfast
