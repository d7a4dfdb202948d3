// Goal: verify() names what damage there is and nothing else, and reading a log without writing
// leaves every file as it was, also beside the server that writes it.
#include "log/log_fixture.hpp"

#include <holdfast/kv/database.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <support/keyspaces.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Found {
    log::Verified verified;
    std::vector<std::string> damages; // "place first-last what"
};

Found verify(const log::Log& log) {
    Found found;
    auto verified = log.verify([&](const log::Damage& damage) {
        found.damages.push_back(damage.place + " " + std::to_string(damage.first) + "-" +
                                std::to_string(damage.last) + " " + damage.what);
    });
    REQUIRE(verified);
    found.verified = verified.value();
    return found;
}

// Changes what is stored under the key of the batch that ends at `last_offset`.
void replace_batch(const std::filesystem::path& directory, PartitionId id, Offset last_offset,
                   const std::function<void(kv::WriteBatch&, const kv::Family&, ByteView key,
                                            Bytes value)>& change) {
    kv::DatabaseOptions options;
    options.directory = directory;
    options.use_of = [](std::string_view name) {
        return name.starts_with("slice.") ? kv::FamilyUse::payload : kv::FamilyUse::state;
    };
    auto database = kv::Database::open(options);
    REQUIRE(database);
    Bytes key;
    ByteWriter writer(key);
    writer.u32_be(number(id.stream));
    writer.u32_be(id.index);
    writer.u64_be(static_cast<std::uint64_t>(last_offset));
    for (const auto& name : database.value()->family_names()) {
        if (!name.starts_with("slice.")) continue;
        const auto family = database.value()->family(name);
        const auto value = database.value()->get(family, key).value();
        if (!value) continue;
        kv::WriteBatch batch;
        const auto bytes = as_bytes(*value);
        change(batch, family, key, Bytes(bytes.begin(), bytes.end()));
        REQUIRE(database.value()->write(batch, true));
        return;
    }
    FAIL("no batch ends at " << last_offset);
}

std::map<std::string, std::uintmax_t> files_of(const std::filesystem::path& directory) {
    std::map<std::string, std::uintmax_t> files;
    for (const auto& file : std::filesystem::directory_iterator(directory))
        files[file.path().filename()] = file.file_size();
    return files;
}

} // namespace

TEST_CASE("verify counts what is sound and names what is not", "[log]") {
    LogFixture at;
    const PartitionId id = at.make_stream("s", 2);
    REQUIRE(append_values(*at.log, id, {"a", "b"}));
    REQUIRE(append_values(*at.log, id, {"c"}));
    REQUIRE(append_values(*at.log, id, {"d", "e", "f"}));
    REQUIRE(append_values(*at.log, {id.stream, 1}, {"x"}));
    const Found sound = verify(*at.log);
    CHECK(sound.damages.empty());
    CHECK(sound.verified.damages == 0);
    CHECK(sound.verified.partitions == 2);
    CHECK(sound.verified.batches == 4);
    CHECK(sound.verified.records == 7);
    CHECK(sound.verified.bytes > 4 * 61);

    at.log.reset();
    SECTION("a flipped bit") {
        replace_batch(at.path(), id, 2, [](auto& batch, auto& family, ByteView key, Bytes value) {
            value.back() ^= std::byte{1};
            batch.put(family, key, value);
        });
        at.start();
        const Found damaged = verify(*at.log);
        CHECK(damaged.damages ==
              std::vector<std::string>{"s/0 2-2 the batch does not match its checksum"});
        CHECK(damaged.verified.damages == 1);
        CHECK(damaged.verified.records == 6);
    }
    SECTION("a batch that is gone") {
        replace_batch(at.path(), id, 2, [](auto& batch, auto& family, ByteView key, const Bytes&) {
            batch.remove(family, key);
        });
        at.start();
        CHECK(verify(*at.log).damages ==
              std::vector<std::string>{"s/0 2-2 the records are missing"});
    }
    SECTION("a batch under a foreign key") {
        replace_batch(at.path(), id, 5, [](auto& batch, auto& family, ByteView key, Bytes value) {
            Bytes other(key.begin(), key.end());
            other.back() = std::byte{6};
            batch.remove(family, key);
            batch.put(family, other, value);
        });
        at.start();
        CHECK(verify(*at.log).damages ==
              std::vector<std::string>{"s/0 3-6 the batch does not match its checksum"});
    }
}

TEST_CASE("a log is read without changing it, beside its writer", "[log]") {
    LogFixture at;
    const PartitionId id = at.make_stream("s");
    REQUIRE(append_values(*at.log, id, {"a", "b"}));
    const bool is_running = GENERATE(true, false);
    if (!is_running) at.log.reset();
    const auto before = files_of(at.path());

    log::LogOptions options;
    options.keyspaces = test::all_keyspaces();
    options.directory = at.path();
    options.read_only = true;
    {
        auto opened = log::Log::open(options, at.clock, at.metrics);
        REQUIRE(opened);
        const auto& reader = *opened.value();
        CHECK(read_all(reader, id).value() == std::vector<StoredValue>{{0, "a"}, {1, "b"}});
        CHECK(verify(reader).verified.records == 2);
        WaitedGroup group;
        group.add(id, {"c"});
        opened.value()->append(group);
        CHECK(group.wait().error().code == Errc::denied);
        CHECK(opened.value()->delete_stream("s").error().code == Errc::denied);
        CHECK(reader.refusing()->code == Errc::denied);
    }
    CHECK(files_of(at.path()) == before);
    if (is_running) CHECK(append_values(*at.log, id, {"c"}).value() == 2);

    options.directory = at.directory.path() / "none";
    const auto none = log::Log::open(options, at.clock, at.metrics);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::not_found);
    CHECK_FALSE(std::filesystem::exists(options.directory));
}

TEST_CASE("a log of an older format is read without bringing it up", "[log]") {
    LogFixture at{LogFixture::Start::later};
    std::filesystem::copy("tests/log/golden/format-1", at.path());
    const auto before = files_of(at.path());
    log::LogOptions options;
    options.keyspaces = test::all_keyspaces();
    options.directory = at.path();
    options.read_only = true;
    auto opened = log::Log::open(options, at.clock, at.metrics);
    REQUIRE(opened);
    CHECK(verify(*opened.value()).verified.records == 6);
    CHECK(files_of(at.path()) == before);
}
