#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <memory>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

Result<std::filesystem::path> read_directory(const HttpRequest& request) {
    HF_TRY(request.expect_only({}));
    HF_TRY(const auto body, parse_json(request.body));
    const json::value* directory = nullptr;
    if (body.is_object() && body.as_object().size() == 1)
        directory = body.as_object().if_contains("directory");
    if (directory == nullptr || !directory->is_string())
        return fail(Errc::malformed, "{\"directory\": \"...\"} is expected");
    return std::filesystem::path(std::string(std::string_view(directory->as_string())));
}

Result<HttpResponse> back_up(const RestParts& parts, const HttpRequest& request) {
    using Clock = std::chrono::steady_clock;
    HF_TRY(const auto directory, read_directory(request));
    const auto began = Clock::now();
    HF_TRY(const BackupSize size, parts.back_up(directory));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
    return json_response(json::object{{"directory", directory.string()},
                                      {"files", size.files},
                                      {"bytes", size.bytes},
                                      {"duration_ms", took.count()}});
}

} // namespace

void add_backup_route(Router& router, const RestParts& parts) {
    if (!parts.back_up) return;
    const auto is_running = std::make_shared<std::atomic<bool>>(false);
    router.add("POST", "/api/v1/backup",
               on_queue(parts.work,
                        [parts, is_running](const HttpRequest& request) -> Result<HttpResponse> {
                            if (is_running->exchange(true))
                                return problem(409, "another backup is under way");
                            auto answer = back_up(parts, request);
                            is_running->store(false);
                            return answer;
                        }));
}

} // namespace holdfast::gateway
