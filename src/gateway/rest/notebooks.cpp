#include <gateway/rest/json.hpp>
#include <gateway/rest/notebook_document.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/notebook_store.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;

// Numbers begin anew after a notebook was deleted; with the time nothing has the tag twice.
std::string etag_of(const NotebookRevision& revision) {
    return fmt::format("\"{}-{:x}\"", revision.number, revision.saved_ms);
}

json::object describe(const NotebookRevision& revision) {
    return {{"revision", revision.number},
            {"saved_ms", revision.saved_ms},
            {"saved_by", revision.saved_by},
            {"title", revision.title},
            {"bytes", revision.bytes}};
}

json::object describe(std::string_view name, const NotebookRevision& revision) {
    json::object shown{{"name", name}};
    for (auto& member : describe(revision)) shown.insert(std::move(member));
    return shown;
}

HttpResponse answer(std::string_view name, const NotebookRevision& revision, unsigned status) {
    HttpResponse response = json_response(describe(name, revision), status);
    response.headers.emplace_back("ETag", etag_of(revision));
    return response;
}

// The document goes as it was saved, so that its numbers keep their digits.
HttpResponse answer(std::string_view name, const StoredNotebook& stored) {
    HttpResponse response = answer(name, stored.revision, 200);
    response.body.pop_back(); // the brace of the object
    response.body += fmt::format(",\"notebook\":{}}}", stored.document);
    return response;
}

// Whether a list of entity tags, or `*`, has that of `revision` (RFC 9110, section 13.1).
bool is_listed(std::string_view tags, const NotebookRevision& revision) {
    const std::string own = etag_of(revision);
    while (!tags.empty()) {
        const auto comma = std::min(tags.find(','), tags.size());
        std::string_view tag = tags.substr(0, comma);
        tags.remove_prefix(std::min(comma + 1, tags.size()));
        while (tag.starts_with(' ')) tag.remove_prefix(1);
        while (tag.ends_with(' ')) tag.remove_suffix(1);
        if (tag == "*" || tag == own) return true;
    }
    return false;
}

// What keeps the request from changing a notebook that is `newest` now.
std::optional<HttpResponse> refusal(const HttpRequest& request, const NotebookRevision& newest) {
    const auto if_match = request.header("If-Match");
    if (request.header("If-None-Match"))
        return problem(412, fmt::format("there is a notebook '{}' already, revision {}",
                                        request.capture("name"), newest.number));
    if (!if_match)
        return problem(428, "If-Match must say the ETag of the notebook that is replaced, or *");
    if (!is_listed(*if_match, newest))
        return problem(412, fmt::format("the notebook has changed: it is revision {} now, saved "
                                        "{}",
                                        newest.number,
                                        newest.saved_by.empty() ? "by nobody in particular"
                                                                : "by " + newest.saved_by));
    return std::nullopt;
}

Result<HttpResponse> put(NotebookStore& store, const HttpRequest& request) {
    if (const auto match = request.header("If-None-Match"); match && *match != "*")
        return fail(Errc::malformed, "If-None-Match: only * is known here");
    if (request.body.size() > NotebookStore::kDocumentBytesMax) // before it is parsed
        return fail(Errc::too_large, fmt::format("a notebook has at most {} bytes",
                                                 NotebookStore::kDocumentBytesMax));
    HF_TRY(const auto document, parse_notebook(request.body));
    const auto name = request.capture("name");
    const auto before = store.find(name);
    if (before) {
        if (auto refused = refusal(request, before.value())) return std::move(*refused);
    } else if (request.header("If-Match")) {
        return problem(412, before.error().context);
    }
    HF_TRY(const auto made,
           store.save(name, document.title, request.caller->principal.name, document.json));
    HttpResponse response = answer(name, made, before ? 200 : 201);
    response.note = fmt::format("revision {}, '{}'", made.number, made.title);
    return response;
}

Result<HttpResponse> remove(NotebookStore& store, const HttpRequest& request) {
    const auto name = request.capture("name");
    HF_TRY(const auto newest, store.find(name));
    if (request.header("If-Match"))
        if (auto refused = refusal(request, newest)) return std::move(*refused);
    HF_TRY(store.remove(name));
    HttpResponse response{204, "", {}, ""};
    response.note = fmt::format("'{}' with its revisions", newest.title);
    return response;
}

Result<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0)
        return fail(Errc::malformed,
                    fmt::format("a revision is a whole number from 1, not '{}'", text));
    return number;
}

} // namespace

void add_notebook_routes(Router& router, NotebookStore& store, WorkQueue& changes,
                         WorkQueue& reads) {
    const auto add = [&router](WorkQueue& queue, const char* method, const char* path,
                               Action action, auto work) {
        router.add(method, path, {}, Right::area(action, "notebooks"),
                   on_queue(queue, std::move(work)));
    };
    add(reads, "GET", "/api/v1/notebooks", Action::read,
        [&store](const HttpRequest&) -> Result<HttpResponse> {
            json::array all;
            for (const auto& [name, newest] : store.list()) all.push_back(describe(name, newest));
            return json_response(all);
        });
    add(reads, "GET", "/api/v1/notebooks/{name}", Action::read,
        [&store](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stored, store.read(request.capture("name"), 0));
            return answer(request.capture("name"), stored);
        });
    add(reads, "GET", "/api/v1/notebooks/{name}/revisions", Action::read,
        [&store](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto revisions, store.revisions(request.capture("name")));
            json::array all;
            for (const auto& revision : revisions) all.push_back(describe(revision));
            return json_response(all);
        });
    add(reads, "GET", "/api/v1/notebooks/{name}/revisions/{revision}", Action::read,
        [&store](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto number, number_of(request.capture("revision")));
            HF_TRY(const auto stored, store.read(request.capture("name"), number));
            return answer(request.capture("name"), stored);
        });
    add(changes, "PUT", "/api/v1/notebooks/{name}", Action::manage,
        [&store](const HttpRequest& request) { return put(store, request); });
    add(changes, "DELETE", "/api/v1/notebooks/{name}", Action::manage,
        [&store](const HttpRequest& request) { return remove(store, request); });
}

} // namespace holdfast::gateway
