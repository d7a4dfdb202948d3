#include <holdfast/query/table.hpp>

#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <string>
#include <vector>

namespace holdfast::query {
namespace {

using column::Type;
using column::Value;

constexpr std::size_t kPage = 1'000; // devices that are looked at while the store is locked

class DevicesTable final : public Table {
public:
    DevicesTable(const history::Store& history, const log::Log& log)
        : history_(history), log_(log) {}
    const sql::TableSchema& schema() const override { return schema_; }
    Result<void> read(TableRows& out) const override {
        for (const auto& stream : log_.streams()) {
            if (!out.shows_stream(stream->settings.name)) continue;
            for (std::string after;;) {
                const auto page = history_.summaries(stream->id, after, kPage);
                for (const history::DeviceSummary& each : page) {
                    HF_TRY(add(each, stream->settings.name, out));
                }
                if (page.size() < kPage) break;
                after = page.back().device;
            }
        }
        return ok();
    }

private:
    static Result<void> add(const history::DeviceSummary& each, const std::string& stream,
                            TableRows& out) {
        const std::vector<Value> row{Value::of_text(each.device),
                                     Value::of_text(stream),
                                     Value::of_timestamp_us(each.first_ts_us),
                                     Value::of_timestamp_us(each.last_ts_us),
                                     Value::of_int(static_cast<std::int64_t>(each.messages)),
                                     Value::of_int(static_cast<std::int64_t>(each.fields))};
        return out.add(row);
    }

    const history::Store& history_;
    const log::Log& log_;
    const sql::TableSchema schema_{"devices",
                                   {{"device", Type::text},
                                    {"stream", Type::text},
                                    {"first_seen", Type::timestamp},
                                    {"last_seen", Type::timestamp},
                                    {"messages", Type::int64},
                                    {"fields", Type::int64}}};
};

} // namespace

std::unique_ptr<Table> devices_table(const history::Store& history, const log::Log& log) {
    return std::make_unique<DevicesTable>(history, log);
}

} // namespace holdfast::query
