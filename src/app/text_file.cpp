#include "app/text_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace holdfast::app {

Result<std::string> read_text_file(const std::filesystem::path& file, std::size_t bytes_max) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(Errc::io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
    std::string text;
    std::string piece(1U << 16U, '\0');
    // Piece by piece: pipes and devices have no size to ask for.
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        if (text.size() > bytes_max)
            return fail(Errc::limit_exceeded,
                        fmt::format("{}: more than {} bytes", file.string(), bytes_max));
    }
    if (in.bad()) return fail(Errc::io, fmt::format("{}: cannot be read", file.string()));
    return text;
}

} // namespace holdfast::app
