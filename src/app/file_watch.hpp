#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace holdfast::app {

// Tells whether files were changed or replaced, by what the file system says of them: nothing is
// read. A file that is not there is a state like any other.
class FileWatch {
public:
    explicit FileWatch(std::vector<std::filesystem::path> files);
    // Whether any of them is another than when it was asked last.
    [[nodiscard]] bool has_changed();

private:
    struct State {
        std::int64_t modified_ns = 0;
        std::uint64_t inode = 0;
        std::int64_t bytes = -1; // no file
        friend bool operator==(const State&, const State&) = default;
    };
    [[nodiscard]] static State state_of(const std::filesystem::path& file);

    std::vector<std::pair<std::filesystem::path, State>> files_;
};

} // namespace holdfast::app
