// Goal: versions are kept, bounded, used and rolled back across restarts; a damaged or foreign file
// is named and stops nothing. Method: a directory that several stores read one after the other.
#include "pipeline/trained_models.hpp"

#include <holdfast/pipeline/version_store.hpp>
#include <support/temp_dir.hpp>

#include <fstream>

using namespace holdfast;
using Catch::Contains;
using pipeline::VersionStore;
using test::double_model;

namespace {

struct Versions {
    explicit Versions(std::size_t versions_max = 10) : settings{directory(), 2, versions_max} {
        load();
    }
    std::filesystem::path directory() const { return dir.path() / "trained"; }
    VersionStore& load() {
        store = std::make_unique<VersionStore>(settings);
        REQUIRE(store->load());
        return *store;
    }
    std::uint64_t add(double factor = 2.0) {
        const auto made = store->add(double_model(factor), R"({"name":"double"})", "ann", 1000);
        REQUIRE(made);
        return made.value().number;
    }
    // What the version in use says of 3.
    double ask() const {
        const auto promoted = store->promoted("double");
        REQUIRE(promoted.model);
        std::vector row{3.0};
        return promoted.model->predict(row);
    }
    std::filesystem::path file(int number) const {
        return directory() / ("double." + std::to_string(number) + ".version");
    }

    test::TempDir dir;
    pipeline::VersionStoreSettings settings;
    std::unique_ptr<VersionStore> store;
};

void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(at);
    out << bytes;
    REQUIRE(out.good());
}

} // namespace

TEST_CASE("versions are numbered, and read again as they were", "[pipeline][versions]") {
    Versions at;
    CHECK(at.add() == 1);
    CHECK(at.add(3.0) == 2);
    at.load();
    const auto model = at.store->find("double");
    REQUIRE(model);
    REQUIRE(model.value().versions.size() == 2);
    CHECK(model.value().versions[0].number == 2);
    CHECK_FALSE(model.value().promoted);
    const auto read = at.store->read("double", 1);
    REQUIRE(read);
    CHECK(read.value().info.made_by == "ann");
    CHECK(read.value().info.trained_ms == 1000);
    CHECK(read.value().report == R"({"name":"double"})");
    CHECK(ml::encode_model(read.value().model) == ml::encode_model(double_model()));
    CHECK(at.store->read("double", 3).error().code == Errc::not_found);
    CHECK(at.store->read("other", 1).error().code == Errc::not_found);
    CHECK(at.store->list().size() == 1);
}

TEST_CASE("a version is promoted and rolled back, also across a restart", "[pipeline][versions]") {
    Versions at;
    at.add();
    at.add(3.0);
    at.add(4.0);
    CHECK(at.store->promoted("double").model == nullptr);
    CHECK(at.store->roll_back("double").error().code == Errc::not_found);
    REQUIRE(at.store->promote("double", 1));
    CHECK(at.ask() == Approx(6.0));
    REQUIRE(at.store->promote("double", 3));
    CHECK(at.ask() == Approx(12.0));
    CHECK(at.store->promote("double", 9).error().code == Errc::not_found);
    at.load();
    CHECK(at.ask() == Approx(12.0));
    const auto back = at.store->roll_back("double");
    REQUIRE(back);
    CHECK(back.value() == 1);
    at.load();
    CHECK(at.ask() == Approx(6.0));
    CHECK(at.store->find("double").value().promoted == 1U);
}

TEST_CASE("a damaged version is not rolled back to, but one before it is", "[pipeline][versions]") {
    Versions at;
    for (const double factor : {2.0, 3.0, 4.0}) at.add(factor);
    for (const std::uint64_t number : {1U, 2U, 3U}) REQUIRE(at.store->promote("double", number));
    overwrite(at.file(2), 80, "zzzz");
    const auto refused = at.store->roll_back("double");
    CHECK(refused.error().code == Errc::corrupt);
    CHECK_THAT(refused.error().context,
               Contains("version 2 of model 'double', which was promoted before, is damaged") &&
                   Contains("its checksum does not match") && Contains("promoted before that: 1"));
    CHECK(at.store->before("double").error() == refused.error());
    CHECK(at.ask() == Approx(12.0)); // nothing has changed
    CHECK_THAT(at.store->find("double").value().versions[1].damage, Contains("checksum"));
    CHECK_THAT(at.store->roll_back("double", 3).error().context,
               Contains("version 3 of model 'double' was not promoted before; these were: 1, 2"));
    CHECK(at.store->before("double", 1).value().info.number == 1);
    const auto back = at.store->roll_back("double", 1);
    REQUIRE(back);
    CHECK(back.value() == 1);
    CHECK(at.load().promoted("double").number == 1);
    CHECK(at.ask() == Approx(6.0));
    CHECK(at.store->roll_back("double").error().code == Errc::not_found);
}

TEST_CASE("a version that was promoted and is damaged is both", "[pipeline][versions]") {
    Versions at;
    at.add();
    REQUIRE(at.store->promote("double", 1));
    CHECK(at.store->find("double").value().in_use == 1U);
    std::filesystem::remove(at.file(1));
    std::ofstream(at.file(1)) << "something else";
    const auto model = at.load().find("double").value();
    CHECK(model.promoted == 1U);
    CHECK_FALSE(model.in_use);
    CHECK(model.versions[0].is_promoted);
    CHECK_THAT(model.versions[0].damage, Contains("no version of a model"));
}

TEST_CASE("the oldest version goes, but not the one in use", "[pipeline][versions]") {
    Versions at(3);
    at.add();
    REQUIRE(at.store->promote("double", 1));
    for (int i = 0; i < 4; ++i) at.add();
    const auto model = at.store->find("double").value();
    std::vector<std::uint64_t> numbers;
    for (const auto& version : model.versions) numbers.push_back(version.number);
    CHECK(numbers == std::vector<std::uint64_t>{5, 4, 1});
    CHECK_FALSE(std::filesystem::exists(at.file(2)));
    CHECK(at.load().promoted("double").number == 1);
}

TEST_CASE("there are no more models than allowed, and one can go", "[pipeline][versions]") {
    Versions at;
    for (const char* name : {"one", "two"}) {
        auto model = double_model();
        model.name = name;
        REQUIRE(at.store->add(std::move(model), "{}", "", 1));
    }
    CHECK(at.store->add(double_model(), "{}", "", 1).error().code == Errc::limit_exceeded);
    REQUIRE(at.store->remove("one"));
    CHECK(at.store->remove("one").error().code == Errc::not_found);
    CHECK(at.add() == 1);
    CHECK(at.load().list().size() == 2);
}

TEST_CASE("a damaged version is named, and the others work", "[pipeline][versions]") {
    Versions at;
    at.add();
    at.add(3.0);
    REQUIRE(at.store->promote("double", 2));
    struct Row {
        const char* what;
        std::streamoff at;
        const char* bytes;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"another file", 0, "PK\x03\x04", "it is no version of a model"},
        {"of later", 11, "\x09", "it is of format 9, known is 1"},
        {"changed", 80, "zzzz", "its checksum does not match"},
    }));
    CAPTURE(row.what);
    overwrite(at.file(1), row.at, row.bytes);
    at.load();
    CHECK_THAT(at.store->read("double", 1).error().context,
               Contains("double.1.version") && Contains(row.error));
    CHECK_THAT(at.store->find("double").value().versions[1].damage, Contains(row.error));
    CHECK(at.store->promote("double", 1).error().code != Errc::not_found);
    CHECK(at.ask() == Approx(9.0));
    CHECK(at.add() == 3);
}

TEST_CASE("files of others are left alone", "[pipeline][versions]") {
    Versions at;
    at.add();
    at.add(3.0);
    std::filesystem::copy(at.file(1), at.directory() / "other.1.version");
    for (const char* name : {"README", "Up.1.version", "double.x.version", "a.promoted"})
        std::ofstream(at.directory() / name) << "something else";
    std::filesystem::resize_file(at.file(2), 40);
    at.load();
    CHECK_THAT(at.store->read("other", 1).error().context, Contains("it is version 1 of 'double'"));
    CHECK_THAT(at.store->read("double", 2).error().context, Contains("damaged"));
    CHECK(at.store->read("double", 1));
    CHECK(std::filesystem::exists(at.directory() / "README"));
}

TEST_CASE("only names that the store gives are its own", "[pipeline][versions]") {
    Versions at;
    at.add();
    const std::vector<std::string> others{"double.01.version",
                                          "double.99999999999999999999.version",
                                          "double.9007199254740992.version",
                                          "Up.promoted",
                                          "Up.1.version.new",
                                          "notes.new"};
    for (const std::string& name : others) std::ofstream(at.directory() / name) << "theirs";
    std::ofstream(at.directory() / "double.2.version.new") << "of a write that was cut";
    at.load();
    for (const std::string& name : others) {
        CAPTURE(name);
        CHECK(std::filesystem::exists(at.directory() / name));
    }
    CHECK_FALSE(std::filesystem::exists(at.directory() / "double.2.version.new"));
    CHECK(at.store->list().size() == 1);
    CHECK(at.store->find("double").value().versions.size() == 1);
    CHECK(at.add() == 2);
}

TEST_CASE("after the last number there is no version", "[pipeline][versions]") {
    Versions at;
    at.add();
    std::ofstream(at.directory() / "double.9007199254740991.version") << "damaged";
    at.load();
    const auto refused = at.store->add(test::double_model(), "{}", "", 1);
    CHECK(refused.error().code == Errc::limit_exceeded);
    CHECK_THAT(refused.error().context,
               Contains("model 'double' has version 9007199254740991, after which there is none"));
    CHECK(at.store->find("double").value().versions.size() == 2);
}

TEST_CASE("a damaged promotion leaves no version in use", "[pipeline][versions]") {
    Versions at;
    at.add();
    REQUIRE(at.store->promote("double", 1));
    overwrite(at.directory() / "double.promoted", 5, "\x07");
    at.load();
    CHECK(at.store->promoted("double").model == nullptr);
    CHECK(at.store->promote("double", 1));
}

TEST_CASE("a checkpoint is a directory that a store reads", "[pipeline][versions]") {
    Versions at;
    at.add();
    REQUIRE(at.store->promote("double", 1));
    REQUIRE(at.store->checkpoint(at.dir.path() / "copy"));
    at.settings.directory = at.dir.path() / "copy";
    CHECK(at.load().promoted("double").number == 1);
}
