#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace holdfast::app {

// How far an import has come, in a file beside the one that is imported, so that it goes on where
// it was broken off. What was sent when that happened is sent again under the same keys.
struct ImportState {
    std::string run;   // random: the idempotency keys of this import begin with it
    std::string asked; // stream and mapping: another import does not go on with this one
    std::optional<std::uint64_t> begins{}; // checksum of the file's first two lines
    std::uint64_t line = 0;                // all rows up to it are stored or refused
    std::uint64_t stored = 0;
    std::uint64_t refused = 0;
};

[[nodiscard]] std::filesystem::path state_file(const std::filesystem::path& csv);

// A new one where there is no file. Errors: malformed, where the file is of another import, or of
// one of another file, or none.
[[nodiscard]] Result<ImportState> load_state(const std::filesystem::path& file,
                                             const std::string& asked, std::uint32_t begins);

// In one step: a crash leaves the one before. Errors: io.
[[nodiscard]] Result<void> save_state(const std::filesystem::path& file, const ImportState& state);

} // namespace holdfast::app
