#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::gateway {

// What a piece of a body has at least, unless it is the last: smaller ones cost more than they
// save.
inline constexpr std::size_t kPieceBytes = 64U << 10U;

// The next piece of a body, about kPieceBytes of it; nothing at its end. An error breaks the answer
// off: its head, with 200, has long been sent. On a thread of the queue, one call at a time.
using NextPiece = std::function<Result<std::optional<std::string>>()>;

// A body that is made while it is sent: one piece in memory at a time, whatever the whole would
// take, made when the client has taken the one before. `session` is the reply that this is the body
// of; queue and what `next` refers to outlive it.
[[nodiscard]] std::shared_ptr<BodyStream> make_generated_body(WorkQueue& queue, Reply session,
                                                              NextPiece next);

// The bytes of a file. Errors: not_found, io, naming it.
[[nodiscard]] Result<NextPiece> pieces_of_file(const std::filesystem::path& file);

} // namespace holdfast::gateway
