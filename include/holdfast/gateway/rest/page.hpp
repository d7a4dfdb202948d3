#pragma once

#include <span>
#include <string_view>

namespace holdfast::gateway {

// One file of the page in the program's own memory, for as long as that runs.
struct PageFile {
    std::string_view path;         // "/", or "/assets/page-K5XNVZ2Q.js": its name changes with it
    std::string_view content_type; // with its charset
    std::string_view etag;         // with its quotes; of the file as it is before compression
    std::span<const unsigned char> gzip;
};

// All files; none where the server was built without its page. "/" is the first.
[[nodiscard]] std::span<const PageFile> page_files() noexcept;

} // namespace holdfast::gateway
