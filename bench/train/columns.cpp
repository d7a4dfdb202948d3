#include "columns.hpp"

#include <charconv>
#include <fstream>

namespace holdfast::bench {

Result<std::vector<std::vector<std::string>>> read_cells(const std::filesystem::path& file,
                                                         char separator) {
    std::ifstream in(file);
    if (!in) return fail(Errc::io, "cannot read " + file.string());
    std::vector<std::vector<std::string>> out;
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        std::vector<std::string> cells;
        for (std::size_t from = 0; from <= line.size();) {
            const std::size_t to = std::min(line.find(separator, from), line.size());
            if (separator != ' ' || to > from) cells.push_back(line.substr(from, to - from));
            from = to + 1;
        }
        if (!cells.empty()) out.push_back(std::move(cells));
    }
    return out;
}

Result<double> number(const std::string& cell) {
    double out = 0.0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), out);
    if (error != std::errc() || end != cell.data() + cell.size())
        return fail(Errc::malformed, "'" + cell + "' is not a number");
    return out;
}

} // namespace holdfast::bench
