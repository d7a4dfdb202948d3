#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/page.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::gateway {
namespace {

// Nothing of the page comes from elsewhere, runs inline or stands in a foreign frame.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Calls `use` with each element of a comma-separated header, until it gives true.
template <class Use>
bool any_element(std::string_view list, Use use) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (use(trimmed(list.substr(0, comma)))) return true;
        list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
    }
    return false;
}

bool takes_gzip(const HttpRequest& request) {
    const auto accepted = request.header("accept-encoding");
    return accepted && any_element(*accepted, [](std::string_view element) {
               const auto semicolon = element.find(';');
               const auto name = trimmed(element.substr(0, semicolon));
               if (name != "gzip" && name != "*") return false;
               if (semicolon == std::string_view::npos) return true;
               const auto weight = trimmed(element.substr(semicolon + 1));
               return !weight.starts_with("q=0") ||
                      weight.find_first_of("123456789") != weight.npos;
           });
}

bool has_it_already(const HttpRequest& request, std::string_view etag) {
    const auto known = request.header("if-none-match");
    return known && any_element(*known, [etag](std::string_view element) {
               if (element.starts_with("W/")) element.remove_prefix(2);
               return element == etag || element == "*";
           });
}

// For the few that take no gzip. Nothing where zlib has no memory.
std::optional<std::string> inflated(std::span<const unsigned char> gzip) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16; // the largest window, and gzip's header
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) return std::nullopt;
    stream.next_in = const_cast<unsigned char*>(gzip.data()); // zlib reads only
    stream.avail_in = static_cast<uInt>(gzip.size());
    std::string out;
    std::array<unsigned char, 16'384> piece;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = piece.data();
        stream.avail_out = piece.size();
        state = inflate(&stream, Z_NO_FLUSH);
        out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END) return std::nullopt;
    return out;
}

HttpResponse answer(const PageFile& file, const HttpRequest& request) {
    HttpResponse response;
    const bool is_named_by_content = file.path != "/";
    response.headers = {
        {"ETag", std::string(file.etag)},
        {"Vary", "Accept-Encoding"},
        {"Cache-Control", is_named_by_content ? "public, max-age=31536000, immutable" : "no-cache"},
        {"Content-Security-Policy", std::string(kPolicy)},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    if (has_it_already(request, file.etag)) {
        response.status = 304;
        response.content_type.clear();
        return response;
    }
    response.content_type = file.content_type;
    if (takes_gzip(request)) {
        response.headers.emplace_back("Content-Encoding", "gzip");
        response.body.assign(reinterpret_cast<const char*>(file.gzip.data()), file.gzip.size());
        return response;
    }
    auto whole = inflated(file.gzip);
    if (!whole) return problem(503, "no memory to send the page uncompressed");
    response.body = std::move(*whole);
    return response;
}

void serve(const HttpRequest& request, const Reply& reply) {
    const auto files = page_files();
    if (files.empty())
        return reply.send(problem(404,
                                  "this server was built without its page: configure with "
                                  "HF_WEB=ON where node and npm are; the REST API is "
                                  "under /api/v1"));
    const auto file = std::ranges::find(files, request.path, &PageFile::path);
    if (file == files.end())
        return reply.send(problem(404, "the page has no such file: load it again"));
    reply.send(answer(*file, request));
}

} // namespace

void add_page_routes(Router& router) {
    const auto right = Right::open("it is the same for all and shows nothing of the site");
    router.add("GET", "/", {}, right, serve);
    router.add("GET", "/assets/{name}", {}, right, serve);
}

} // namespace holdfast::gateway
