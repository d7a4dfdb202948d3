#include <holdfast/gateway/rest/generated_body.hpp>

#include <holdfast/base/log_line.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <fstream>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::chrono::milliseconds kBusyPause{100}; // after which a full queue is asked again

using Piece = std::optional<std::string>;

// All members but make() run on the session's thread.
class GeneratedBody final : public BodyStream, public std::enable_shared_from_this<GeneratedBody> {
public:
    GeneratedBody(WorkQueue& queue, Reply session, NextPiece next)
        : queue_(queue),
          session_(std::move(session)),
          next_(std::move(next)),
          timer_(session_.executor()) {}

    void pull(Deliver deliver) override {
        deliver_ = std::move(deliver);
        // Not at once: a session is not to be answered inside its own call.
        session_.post([self = shared_from_this()] { self->ask(); });
    }
    void close() override {
        is_closed_ = true;
        timer_.cancel();
    }
    bool is_broken() const override { return is_broken_; }

private:
    void ask() {
        if (is_closed_) return give({});
        const bool pushed = queue_.try_push([self = shared_from_this()] {
            auto made = self->make();
            self->session_.post(
                [self, made = std::move(made)]() mutable { self->take(std::move(made)); });
        });
        if (pushed) return;
        timer_.expires_after(kBusyPause);
        timer_.async_wait(
            [self = shared_from_this()](const boost::system::error_code&) { self->ask(); });
    }

    // On the queue's thread. What is thrown must not leave the session waiting.
    Result<Piece> make() noexcept {
        try {
            return next_();
        } catch (const std::exception& failure) {
            return fail(Errc::io, failure.what());
        }
    }

    void take(Result<Piece> made) {
        if (made) return give(std::move(made).value());
        log_warn("http", "an answer is broken off: {}", made.error().context);
        is_broken_ = true;
        give({});
    }

    void give(Piece piece) {
        if (is_closed_) piece.reset();
        if (auto deliver = std::exchange(deliver_, {})) deliver(std::move(piece));
    }

    WorkQueue& queue_;
    const Reply session_;
    NextPiece next_;
    boost::asio::steady_timer timer_;
    Deliver deliver_;
    bool is_closed_ = false;
    bool is_broken_ = false;
};

} // namespace

std::shared_ptr<BodyStream> make_generated_body(WorkQueue& queue, Reply session, NextPiece next) {
    return std::make_shared<GeneratedBody>(queue, std::move(session), std::move(next));
}

Result<NextPiece> pieces_of_file(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        return fail(Errc::not_found, "there is no file " + file.string());
    auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
    if (!*in) return fail(Errc::io, file.string() + ": cannot be read");
    return NextPiece([in, name = file.string()]() -> Result<Piece> {
        std::string piece(kPieceBytes, '\0');
        in->read(piece.data(), static_cast<std::streamsize>(piece.size()));
        if (in->bad()) return fail(Errc::io, name + ": cannot be read further");
        piece.resize(static_cast<std::size_t>(in->gcount()));
        if (piece.empty()) return Piece{};
        return Piece(std::move(piece));
    });
}

} // namespace holdfast::gateway
