#include <gateway/rest/live_source.hpp>

#include <gateway/rest/topic_json.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/gateway/rest/topic_view.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kTopicsLookedAt = 20'000; // of those that changed, in one turn
constexpr std::size_t kLooksMax = 20;           // where the log grows faster than it is read

class LiveTopics final : public LiveSource {
public:
    LiveTopics(TopicView& view, const log::Log& log, const Clock& clock,
               std::vector<std::string> filters, access::Rights rights)
        : view_(view),
          log_(log),
          clock_(clock),
          filters_(std::move(filters)),
          rights_(std::move(rights)) {
        std::string nothing;
        add_news(nothing); // begins, if it can
    }

    void add_news(std::string& events) override {
        std::vector<TopicState> changed;
        std::uint64_t dropped = 0;
        const auto state = view_.look([&](const TopicTable& table) {
            if (has_begun_) return gather(table, changed, dropped);
            seen_ = table.last_change();
        });
        has_begun_ = has_begun_ || state.is_complete || ++looks_ == kLooksMax;
        if (changed.empty() && dropped == 0) return;
        events += "event: topics\ndata: {\"topics\":[";
        const std::int64_t now_ms = clock_.now_ms();
        for (auto topic = changed.rbegin(); topic != changed.rend(); ++topic) { // oldest first
            if (events.back() != '[') events += ',';
            events += "{\"topic\":";
            column::append_json_string(events, topic->topic);
            fmt::format_to(std::back_inserter(events),
                           ",\"messages\":{},\"rate\":{:.3f},\"last_ms\":{}", topic->messages,
                           rate_of(*topic, now_ms), topic->last_ms);
            write_last_message(events, *topic, log_);
            events += '}';
        }
        fmt::format_to(std::back_inserter(events), "],\"dropped\":{}}}\n\n", dropped);
    }

private:
    void gather(const TopicTable& table, std::vector<TopicState>& changed, std::uint64_t& dropped) {
        TopicRights rights(rights_, log_);
        std::size_t looked_at = 0;
        std::size_t bytes = 0;
        table.each_since(seen_, [&](const TopicState& topic) {
            const bool fits = std::any_of(filters_.begin(), filters_.end(), [&](const auto& each) {
                return topic::matches(each, topic.topic);
            });
            if (fits && rights.may_see(topic)) {
                if (bytes < kLivePieceBytes)
                    changed.push_back(topic);
                else
                    ++dropped;
                bytes += 150 + topic.topic.size() + topic.payload.size(); // about, as JSON
            }
            return ++looked_at < kTopicsLookedAt;
        });
        seen_ = table.last_change();
    }

    TopicView& view_;
    const log::Log& log_;
    const Clock& clock_;
    const std::vector<std::string> filters_;
    const access::Rights rights_;
    std::uint64_t seen_ = 0; // TopicState::change of the newest that the client knows
    std::size_t looks_ = 0;  // before it began
    bool has_begun_ = false; // the view was read to its end: what it reads from then on is news
};

} // namespace

std::unique_ptr<LiveSource> make_live_topics(TopicView& view, const log::Log& log,
                                             const Clock& clock, std::vector<std::string> filters,
                                             access::Rights rights) {
    return std::make_unique<LiveTopics>(view, log, clock, std::move(filters), std::move(rights));
}

} // namespace holdfast::gateway
