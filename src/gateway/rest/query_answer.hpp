#pragma once

#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/query/result_text.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::gateway {

// The answer of a query on its way from the query's thread to the client.
//
// While nothing was sent a failure is a problem with its status. Once there is a piece the answer
// is 200, and what fails then breaks it off, so that no client takes half an answer for a whole
// one. At most kPiecesMax pieces wait for a client; a query whose client does not take them ends.
class QueryAnswer final : public query::Sink,
                          public BodyStream,
                          public std::enable_shared_from_this<QueryAnswer> {
public:
    QueryAnswer(query::ResultFormat format, Reply reply);

    // Stopped when the client is gone, or the server stops.
    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

    // query::Sink and Engine::Done, on the query's thread.
    Result<void> begin(const std::vector<std::string>& names) override;
    Result<void> rows(const column::Frame& batch) override;
    void done(Result<query::Summary> outcome);

    // BodyStream, on the session's thread.
    void pull(Deliver deliver) override;
    void close() override;
    bool is_broken() const override;

private:
    [[nodiscard]] Result<void> hand_over(std::string piece);
    void give();

    const query::ResultFormat format_;
    const Reply reply_;
    query::ResultText text_; // the query's thread only
    bool is_sent_ = false;   // likewise: the head is on its way
    std::stop_source stop_;
    std::stop_callback<std::function<void()>> on_gone_;

    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::deque<std::string> pieces_; // guarded by mutex_
    Deliver deliver_;                // guarded by mutex_; set while the session waits
    bool is_over_ = false;           // guarded by mutex_: no piece follows
    bool is_broken_ = false;         // guarded by mutex_
    bool is_closed_ = false;         // guarded by mutex_: nobody takes pieces any more
};

} // namespace holdfast::gateway
