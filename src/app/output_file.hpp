#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

namespace holdfast::app {

// A file that a command writes, in its place once all went well: until keep() it is FILE.new beside
// it, which goes again with this. What is there and no regular file (a terminal, a pipe) is written
// to as it comes.
class OutputFile {
public:
    OutputFile() = default;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    // io, naming the file.
    [[nodiscard]] Result<void> open(const std::string& file);
    [[nodiscard]] std::ostream& stream() noexcept { return out_; }
    // io, naming the file: also where something could not be written.
    [[nodiscard]] Result<void> keep();

private:
    std::string name_; // as it was given
    std::filesystem::path place_;
    std::filesystem::path beside_; // empty: it is written in its place, or kept
    std::ofstream out_;
};

} // namespace holdfast::app
