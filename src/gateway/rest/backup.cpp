#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

Result<std::filesystem::path> read_directory(const HttpRequest& request) {
    HF_TRY(const auto body, parse_json(request.body));
    const json::value* directory = nullptr;
    if (body.is_object() && body.as_object().size() == 1)
        directory = body.as_object().if_contains("directory");
    if (directory == nullptr || !directory->is_string())
        return fail(Errc::malformed, "{\"directory\": \"...\"} is expected");
    return std::filesystem::path(std::string(std::string_view(directory->as_string())));
}

Result<HttpResponse> answer_to(const HttpRequest& request, const BackUp& back_up) {
    using Clock = std::chrono::steady_clock;
    HF_TRY(const auto directory, read_directory(request));
    const auto began = Clock::now();
    HF_TRY(const BackupSize size, back_up(directory));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
    HttpResponse response = json_response(json::object{{"directory", directory.string()},
                                                       {"files", size.files},
                                                       {"bytes", size.bytes},
                                                       {"duration_ms", took.count()}});
    response.note = "to " + directory.string();
    return response;
}

struct Ended {
    std::atomic<bool>& is_running;
    ~Ended() { is_running = false; }
};

} // namespace

void add_backup_route(Router& router, BackUp back_up, WorkQueue& queue) {
    const auto is_running = std::make_shared<std::atomic<bool>>(false);
    const auto work = [back_up = std::move(back_up),
                       is_running](const HttpRequest& request) -> Result<HttpResponse> {
        if (is_running->exchange(true)) return problem(409, "another backup is under way");
        const Ended ended{*is_running}; // also by an exception
        return answer_to(request, back_up);
    };
    router.add("POST", "/api/v1/backup", {}, Right::area(access::Action::administer, "backup"),
               on_queue(queue, work));
}

} // namespace holdfast::gateway
