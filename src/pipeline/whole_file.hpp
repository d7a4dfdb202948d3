#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <filesystem>

namespace holdfast::pipeline {

// A file that is there whole or not at all, also after a power loss: it is written beside its
// place, synced and renamed. Errors, naming the file: io, no_space.
[[nodiscard]] Result<void> write_whole(const std::filesystem::path& file, ByteView bytes);

// io, naming the file; too_large beyond `bytes_max`.
[[nodiscard]] Result<Bytes> read_whole(const std::filesystem::path& file, std::size_t bytes_max);

} // namespace holdfast::pipeline
