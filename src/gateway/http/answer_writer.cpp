#include <gateway/http/answer_writer.hpp>

#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace holdfast::gateway {

namespace net = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto as_values = net::as_tuple(net::use_awaitable); // a hang-up is ordinary

template <class Message>
void fill_head(Message& message, const HttpResponse& response) {
    message.version(11);
    message.result(response.status);
    message.reason(boost::beast::string_view(reason_phrase(response.status)));
    if (!response.content_type.empty())
        message.set(http::field::content_type, response.content_type);
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message.insert(name, value);
}

} // namespace

AnswerWriter::AnswerWriter(HttpStream& stream, HttpShared& shared, Admission& admission)
    : stream_(stream), shared_(shared), admission_(admission), delivered_(stream.get_executor()) {}

net::awaitable<bool> AnswerWriter::write(HttpResponse response, Form form) {
    shared_.count_answer(response.status);
    http::response<http::string_body> message;
    fill_head(message, response);
    message.keep_alive(form.keep_alive);
    // 304 would have to say the length of what it leaves out.
    if (response.status != 204 && response.status != 304)
        message.content_length(response.body.size());
    if (!form.is_head) message.body() = std::move(response.body);
    stream_.expires_after(shared_.settings.request_limit);
    http::response_serializer<http::string_body> serializer(message);
    if (form.is_head) {
        const auto [error, count] =
            co_await http::async_write_header(stream_, serializer, as_values);
        co_return !error && form.keep_alive;
    }
    const auto [error, count] = co_await http::async_write(stream_, serializer, as_values);
    co_return !error && form.keep_alive;
}

net::awaitable<bool> AnswerWriter::write_stream(HttpResponse response, Form form,
                                                std::shared_ptr<const void> owner) {
    http::response<http::empty_body> head;
    fill_head(head, response);
    head.keep_alive(form.keep_alive);
    head.chunked(form.is_chunked);
    http::response_serializer<http::empty_body> serializer(head);
    stream_.expires_after(shared_.settings.request_limit);
    const auto [error, count] = co_await http::async_write_header(stream_, serializer, as_values);
    stream_.expires_never();
    if (error) co_return false;
    if (form.is_head) co_return form.keep_alive;
    body_ = std::move(response.stream);
    const bool goes_on = co_await write_pieces(form, std::move(owner));
    body_->close();
    body_.reset();
    const bool keeps_on = goes_on && form.keep_alive && !shared_.is_stopping;
    co_return keeps_on;
}

// True where the body was sent whole.
net::awaitable<bool> AnswerWriter::write_pieces(Form form, std::shared_ptr<const void> owner) {
    bool is_sent = true;
    while (is_sent && !is_closed_) {
        const auto piece = co_await next_piece(owner);
        if (!piece || admission_.is_revoked()) break;
        if (piece->empty()) continue; // as a chunk it would be the last
        is_sent = form.is_chunked ? co_await send(http::make_chunk(net::buffer(*piece)))
                                  : co_await send(net::buffer(*piece));
    }
    // Without the last chunk the client knows that something is missing.
    const bool is_whole = is_sent && !is_closed_ && !admission_.is_revoked() && !body_->is_broken();
    if (is_whole && form.is_chunked) is_sent = co_await send(http::make_chunk_last());
    const bool is_complete = is_whole && is_sent;
    co_return is_complete;
}

net::awaitable<std::optional<std::string>> AnswerWriter::next_piece(
    std::shared_ptr<const void> owner) {
    bool is_delivered = false;
    std::optional<std::string> piece;
    delivered_.expires_at(net::steady_timer::time_point::max());
    if (shared_.is_stopping) body_->close(); // end_stream() came before there was a body
    BodyStream::Deliver deliver = [&, this, owner](auto delivered) {
        piece = std::move(delivered);
        is_delivered = true;
        delivered_.cancel();
    };
    body_->pull(std::move(deliver));
    // Also when closed: the body delivers its end, and until then refers to this frame.
    while (!is_delivered) co_await delivered_.async_wait(as_values);
    co_return piece;
}

template <class Buffers>
net::awaitable<bool> AnswerWriter::send(Buffers buffers) {
    stream_.expires_after(shared_.settings.request_limit);
    const auto [error, count] = co_await net::async_write(stream_, buffers, as_values);
    stream_.expires_never();
    co_return !error;
}

void AnswerWriter::end_stream() {
    if (body_) body_->close();
}

void AnswerWriter::follow_rights() {
    if (body_ && admission_.is_revoked()) body_->close();
}

void AnswerWriter::close() {
    is_closed_ = true;
    end_stream();
}

} // namespace holdfast::gateway
