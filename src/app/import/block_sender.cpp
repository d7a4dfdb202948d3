#include "app/import/block_sender.hpp"

#include "app/percent_encode.hpp"

#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::int64_t kWaitMaxS = 60;

// It may be otherwise in a moment: under way, too much waiting, not able now, disk full.
bool is_passing(unsigned status) noexcept {
    return status == 409 || status == 429 || status == 503 || status == 507;
}

Errc code_of(unsigned status) noexcept {
    if (status == 401 || status == 403) return Errc::denied;
    if (status == 404) return Errc::not_found;
    return Errc::io;
}

std::chrono::seconds wait_of(const gateway::HttpResponse& response) {
    std::int64_t seconds = 1;
    for (const auto& [name, value] : response.headers)
        if (name == "Retry-After")
            std::from_chars(value.data(), value.data() + value.size(), seconds);
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, kWaitMaxS));
}

} // namespace

Result<std::uint64_t> BlockSender::send(std::span<const ImportRow> rows, const Refuse& refuse) {
    HF_TRY(const auto response, post(rows));
    if (response.status == 200) return rows.size();
    const std::string why = gateway::detail_of(response);
    if (response.status != 400 && response.status != 413)
        return fail(code_of(response.status), why);
    if (rows.size() == 1) {
        refuse(rows.front().line, why);
        return std::uint64_t{0};
    }
    const auto half = rows.size() / 2;
    HF_TRY(const auto first, send(rows.first(half), refuse));
    HF_TRY(const auto second, send(rows.subspan(half), refuse));
    return first + second;
}

Result<gateway::HttpResponse> BlockSender::post(std::span<const ImportRow> rows) {
    gateway::HttpRequest request;
    request.method = "POST";
    request.path = fmt::format("/api/v1/streams/{}/records", percent_encode(stream_));
    request.headers.emplace_back("Content-Type", "application/x-ndjson");
    request.headers.emplace_back(
        "Idempotency-Key", fmt::format("import-{}-{}-{}", run_, rows.front().line, rows.size()));
    for (const ImportRow& row : rows) request.body += row.record;
    for (int left = kTries;;) {
        auto response = try_once(request);
        if (response && !is_passing(response.value().status)) return response;
        if (--left == 0) {
            if (!response) return response;
            return fail(Errc::io, gateway::detail_of(response.value()));
        }
        std::this_thread::sleep_for(response ? wait_of(response.value()) : std::chrono::seconds(1));
    }
}

Result<gateway::HttpResponse> BlockSender::try_once(const gateway::HttpRequest& request) {
    if (!client_) {
        HF_TRY(client_, connect_to(server_));
    }
    auto response = client_->send(request);
    if (!response) client_.reset();
    return response;
}

} // namespace holdfast::app
