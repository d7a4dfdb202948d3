// Goal: a model file gives back all that was put in, predicts the same, and whatever is damaged,
// foreign or does not fit together is refused by name.
#include "ml/reference_figures.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/ml/training/boosted_trees.hpp>
#include <holdfast/ml/training/model_file.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace holdfast;
using ml::FeatureKind;
using ml::TrainedModel;

namespace {

constexpr std::size_t kHeaderBytes = 24;

TrainedModel with(ml::FittedModel model, std::size_t features) {
    TrainedModel out{.name = "pump-life",
                     .pipeline = "name: pump-life\nalgorithm: boosted_trees\n",
                     .data = {{"telemetry", 3, 100, 4200}, {"telemetry", 4, 0, 0}},
                     .first_event_ms = -5,
                     .last_event_ms = 1'700'000'000'000,
                     .seed = 0xffff'ffff'ffff'fffeULL,
                     .signals = {"engine.temp", "druck in Öl", "rpm"},
                     .features = {},
                     .figures = {{"rmse", 3.5}, {"r2", std::numeric_limits<double>::quiet_NaN()}},
                     .preparation = {},
                     .model = std::move(model)};
    for (std::size_t i = 0; i < features; ++i)
        out.features.push_back({FeatureKind::mean, static_cast<std::uint32_t>(i % 3), 30});
    return out;
}

TrainedModel trees() {
    return with(ml::fit_boosted_trees(ml::reference::table("trees.missing"),
                                      ml::reference::figures("trees.y"), {.trees = 3})
                    .value(),
                3);
}

// The body changed, its length and checksum right: what a foreign writer would make.
Bytes forged(const Bytes& file, std::size_t at, std::byte value) {
    Bytes out = file;
    out[kHeaderBytes + at] = value;
    store_u32_be(out.data() + 20, crc32c(ByteView(out).subspan(kHeaderBytes)));
    return out;
}

Error error_of(ByteView bytes) {
    const auto out = ml::decode_model(bytes);
    REQUIRE(out.has_error());
    return out.error();
}

} // namespace

TEST_CASE("a model file gives back all that was put in", "[ml][training]") {
    const TrainedModel wanted = trees();
    const Bytes file = ml::encode_model(wanted);
    const TrainedModel found = ml::decode_model(file).value();
    CHECK(found.name == wanted.name);
    CHECK(found.pipeline == wanted.pipeline);
    CHECK(found.data == wanted.data);
    CHECK(found.first_event_ms == wanted.first_event_ms);
    CHECK(found.last_event_ms == wanted.last_event_ms);
    CHECK(found.seed == wanted.seed);
    CHECK(found.signals == wanted.signals);
    CHECK(found.features == wanted.features);
    REQUIRE(found.figures.size() == 2);
    CHECK(found.figures[0].name == "rmse");
    CHECK(found.figures[0].value == 3.5);
    CHECK(std::isnan(found.figures[1].value));
    const std::array sample = {5.0, std::numeric_limits<double>::quiet_NaN(), 2.0};
    CHECK(std::get<ml::TreeEnsemble>(found.model).predict(sample) ==
          std::get<ml::TreeEnsemble>(wanted.model).predict(sample));
    CHECK(ml::encode_model(found) == file);
}

TEST_CASE("every kind of model goes through a file", "[ml][training]") {
    const ml::Table x = ml::reference::table("logistic.x");
    const auto y = ml::reference::figures("logistic.y");
    const std::array models = {
        with(ml::LinearRegression::fit(x, y).value(), 3),
        with(ml::LogisticRegression::fit(x, y).value(), 3),
        with(ml::KMeans::fit(x, {.clusters = 2}).value(), 3),
        with(ml::PrincipalComponents::fit(x, 2).value(), 3),
        trees(),
    };
    for (std::size_t kind = 0; kind < models.size(); ++kind) {
        const Bytes file = ml::encode_model(models[kind]);
        const TrainedModel found = ml::decode_model(file).value();
        CHECK(found.model.index() == kind);
        CHECK(ml::encode_model(found) == file);
    }
}

TEST_CASE("a model file keeps what its features go through", "[ml][training]") {
    const ml::Table x = ml::reference::table("trees.missing");
    TrainedModel model = trees();
    model.preparation = ml::Preparation::fit(x).value();
    const Bytes file = ml::encode_model(model);
    const TrainedModel found = ml::decode_model(file).value();
    REQUIRE(found.preparation.has_value());
    std::array wanted = {1.0, std::numeric_limits<double>::quiet_NaN(), 3.0};
    std::array got = wanted;
    model.preparation->apply(wanted);
    found.preparation->apply(got);
    CHECK(got == wanted);
    CHECK(ml::encode_model(found) == file);
    CHECK_FALSE(ml::decode_model(ml::encode_model(trees())).value().preparation.has_value());
    model.preparation =
        ml::Preparation::fit(ml::Table::from_rows(std::array{1.0, 2.0}, 2).value()).value();
    CHECK(error_of(ml::encode_model(model)).context ==
          "a model file: a preparation of 2 features with 3");
}

TEST_CASE("a model file that was cut or changed anywhere is refused", "[ml][training]") {
    const Bytes file = ml::encode_model(trees());
    for (std::size_t size = 0; size < file.size(); ++size) {
        const Errc code = error_of(ByteView(file).first(size)).code;
        CHECK(code == (size < 8 ? Errc::malformed : Errc::corrupt));
    }
    Bytes changed = file;
    for (std::size_t at = 0; at < file.size(); ++at) {
        changed[at] ^= std::byte{0x10};
        CHECK(ml::decode_model(changed).has_error());
        changed[at] = file[at];
    }
}

TEST_CASE("each kind of refusal says what is wrong", "[ml][training]") {
    const Bytes file = ml::encode_model(trees());
    CHECK(error_of(as_bytes("PK\3\4 a foreign file that is long enough")) ==
          fail(Errc::malformed, "not a model file: it does not begin as one"));
    Bytes later = file;
    later[11] = std::byte{2};
    CHECK(error_of(later) ==
          fail(Errc::not_supported, "a model file of version 2; this server reads 1"));
    Bytes longer = file;
    longer.push_back(std::byte{0});
    CHECK(error_of(longer).context.find("bytes where") != std::string::npos);
    Bytes flipped = file;
    flipped.back() ^= std::byte{1};
    CHECK(error_of(flipped).context ==
          "a model file: its checksum does not match, so it was changed after it was written");
    CHECK(error_of(forged(file, 2, std::byte{'P'})) ==
          fail(Errc::corrupt, "a model file: a name that is none"));
}

TEST_CASE("parts of a model file that do not fit together are refused", "[ml][training]") {
    TrainedModel model = trees();
    model.features.pop_back();
    CHECK(error_of(ml::encode_model(model)).context ==
          "a model file: a model of 3 features with 2");
    model = trees();
    model.features[1].signal = 3;
    CHECK(error_of(ml::encode_model(model)).context == "a model file: feature 1: signal 3 of 3");
    model = trees();
    model.data[0].end_offset = 99;
    CHECK(error_of(ml::encode_model(model)).context ==
          "a model file: a range of offsets that ends before it begins");
}
