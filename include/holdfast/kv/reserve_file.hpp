#pragma once

#include <cstdint>
#include <filesystem>

namespace holdfast::kv {

// A file of allocated space that is given up when its disk is full, for what makes room: a drop
// needs a few blocks itself. One thread at a time.
class ReserveFile {
public:
    // Takes note of one that is there; makes none.
    ReserveFile(std::filesystem::path path, std::uint64_t bytes);

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] bool is_held() const noexcept { return is_held_; }
    // Allocates it. Where the disk does not let it, nothing is left of it.
    void take();
    void give_up();

private:
    const std::filesystem::path path_;
    const std::uint64_t bytes_;
    bool is_held_ = false;
};

} // namespace holdfast::kv
