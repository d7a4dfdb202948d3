// Goal: who follows the streams by their version hears of every change, and of nothing while the
// database is only closed and opened again.
#include "log/stream_table.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::log;

TEST_CASE("the version of the streams moves with changes only", "[log]") {
    const auto entry = [](std::uint32_t id, const std::string& name) {
        auto made = std::make_shared<StreamEntry>();
        auto stream = std::make_shared<Stream>();
        stream->id = StreamId{id};
        stream->settings.name = name;
        made->stream = std::move(stream);
        return made;
    };
    StreamTable table;
    const auto empty = table.version();
    table.put(entry(1, "a"));
    const auto one = table.version();
    CHECK(one > empty);
    table.clear();
    CHECK(table.find("a") == nullptr);
    CHECK(table.version() == one);
    table.replace({entry(1, "a"), entry(2, "b")});
    CHECK(table.version() == one + 1);
    CHECK(table.all().size() == 2);
    table.erase(StreamId{2});
    CHECK(table.version() > one + 1);
    CHECK(table.find("b") == nullptr);
}
