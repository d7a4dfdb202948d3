#pragma once

#include <holdfast/exec/operator.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace holdfast::exec {

// What each operator of one run gave, and how long it took. One thread. Cost: two looks at the
// clock for each operator and batch.
class Profile {
public:
    struct Taken {
        std::uint64_t rows = 0;
        std::chrono::nanoseconds time{}; // its inputs' included
        std::string note{};              // how it was had; empty: as every operator does
    };
    [[nodiscard]] Taken& of(const Operator& which) { return taken_[&which]; }
    // Nothing where it was never opened.
    [[nodiscard]] Taken of(const Operator& which) const {
        const auto found = taken_.find(&which);
        return found == taken_.end() ? Taken{} : found->second;
    }

private:
    std::unordered_map<const Operator*, Taken> taken_;
};

// The tree as indented lines; with a profile each says how many rows it gave and the time that it
// took itself.
[[nodiscard]] std::vector<std::string> explain(const Operator& root,
                                               const Profile* profile = nullptr);

} // namespace holdfast::exec
