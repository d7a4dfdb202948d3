#pragma once

#include <gateway/http/admission.hpp>
#include <gateway/http/session.hpp>
#include <gateway/http/stream.hpp>
#include <holdfast/gateway/http/message.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace holdfast::gateway {

// Writes the answers of one connection, whole ones and those that go on. All arguments outlive it.
class AnswerWriter {
public:
    AnswerWriter(HttpStream& stream, HttpShared& shared, Admission& admission);

    struct Form {
        bool is_head = false; // the head alone
        bool keep_alive = false;
        bool is_chunked = true; // a stream; else its end is the end of the connection
    };
    // Both are true where the connection goes on.
    [[nodiscard]] boost::asio::awaitable<bool> write(HttpResponse response, Form form);
    // Piece after piece of response.stream. `owner` holds us while its body may deliver.
    [[nodiscard]] boost::asio::awaitable<bool> write_stream(HttpResponse response, Form form,
                                                            std::shared_ptr<const void> owner);

    void end_stream(); // soon, where one is being written
    void follow_rights();
    void close(); // the connection is: what is under way ends

private:
    [[nodiscard]] boost::asio::awaitable<bool> write_pieces(Form form,
                                                            std::shared_ptr<const void> owner);
    [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> next_piece(
        std::shared_ptr<const void> owner);
    template <class Buffers>
    [[nodiscard]] boost::asio::awaitable<bool> send(Buffers buffers);

    HttpStream& stream_;
    HttpShared& shared_;
    Admission& admission_;
    boost::asio::steady_timer delivered_; // cancelled when a piece is there
    std::shared_ptr<BodyStream> body_;    // while it is being sent
    bool is_closed_ = false;
};

} // namespace holdfast::gateway
