#include <holdfast/ml/training/model_file.hpp>

#include <holdfast/base/crc32c.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>

namespace holdfast::ml {
namespace {

// The byte 8A is no text in any of the usual encodings, and the end of line shows a transfer that
// changes them.
constexpr std::string_view kMagic = "\x8aHFMODL\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 4;
constexpr std::size_t kCountMax = 4096; // of ranges, signals, features and figures each
constexpr std::size_t kPipelineBytesMax = 1U << 20U;

Error damaged(std::string_view what) {
    return fail(Errc::corrupt, fmt::format("a model file: {}", what));
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

void write_count(ByteWriter& writer, std::size_t count) {
    assert(count <= kCountMax);
    writer.u32_be(static_cast<std::uint32_t>(count));
}

Result<std::size_t> read_count(ByteReader& reader, std::string_view of) {
    HF_TRY(const std::uint32_t count, reader.u32_be());
    if (count > kCountMax) return damaged(fmt::format("{} {}, at most {}", count, of, kCountMax));
    return std::size_t{count};
}

Result<std::string> read_text(ByteReader& reader) {
    HF_TRY(const std::string_view text, reader.utf8_with_u16_length());
    return std::string(text);
}

void write_feature(ByteWriter& writer, const FeatureSpec& spec) {
    writer.u8(static_cast<std::uint8_t>(spec.kind));
    writer.u32_be(spec.signal);
    writer.u32_be(spec.samples);
    writer.u32_be(spec.other);
}

Result<FeatureSpec> read_feature(ByteReader& reader) {
    FeatureSpec out;
    HF_TRY(const std::uint8_t kind, reader.u8());
    if (kind > static_cast<std::uint8_t>(FeatureKind::weekday))
        return damaged(fmt::format("a feature of the unknown kind {}", kind));
    out.kind = static_cast<FeatureKind>(kind);
    HF_TRY(out.signal, reader.u32_be());
    HF_TRY(out.samples, reader.u32_be());
    HF_TRY(out.other, reader.u32_be());
    return out;
}

Result<DataRange> read_range(ByteReader& reader) {
    DataRange out;
    HF_TRY(out.stream, read_text(reader));
    HF_TRY(out.partition, reader.u32_be());
    HF_TRY(const std::uint64_t first, reader.u64_be());
    HF_TRY(const std::uint64_t end, reader.u64_be());
    out.first_offset = static_cast<std::int64_t>(first);
    out.end_offset = static_cast<std::int64_t>(end);
    if (out.first_offset < 0 || out.end_offset < out.first_offset)
        return damaged("a range of offsets that ends before it begins");
    return out;
}

Result<Figure> read_figure(ByteReader& reader) {
    Figure out;
    HF_TRY(out.name, read_text(reader));
    HF_TRY(const std::uint64_t bits, reader.u64_be());
    out.value = std::bit_cast<double>(bits);
    return out;
}

template <typename T>
Result<FittedModel> fitted(Result<T> model) {
    if (!model) return std::move(model).error();
    return FittedModel(std::move(model).value());
}

// By the place in FittedModel; the numbers reach disk.
Result<FittedModel> restore_fitted(std::uint8_t kind, ByteView state) {
    switch (kind) {
        case 0: return fitted(LinearRegression::restore(state));
        case 1: return fitted(LogisticRegression::restore(state));
        case 2: return fitted(KMeans::restore(state));
        case 3: return fitted(PrincipalComponents::restore(state));
        case 4: return fitted(TreeEnsemble::restore(state));
        default: return damaged(fmt::format("a model of the unknown kind {}", kind));
    }
}

void write_body(ByteWriter& writer, const TrainedModel& model) {
    writer.text_with_u16_length(model.name);
    writer.u32_be(static_cast<std::uint32_t>(model.pipeline.size()));
    writer.text(model.pipeline);
    write_count(writer, model.data.size());
    for (const DataRange& range : model.data) {
        writer.text_with_u16_length(range.stream);
        writer.u32_be(range.partition);
        writer.u64_be(static_cast<std::uint64_t>(range.first_offset));
        writer.u64_be(static_cast<std::uint64_t>(range.end_offset));
    }
    writer.u64_be(static_cast<std::uint64_t>(model.first_event_ms));
    writer.u64_be(static_cast<std::uint64_t>(model.last_event_ms));
    writer.u64_be(model.seed);
    write_count(writer, model.signals.size());
    for (const std::string& signal : model.signals) writer.text_with_u16_length(signal);
    write_count(writer, model.features.size());
    for (const FeatureSpec& spec : model.features) write_feature(writer, spec);
    write_count(writer, model.figures.size());
    for (const Figure& figure : model.figures) {
        writer.text_with_u16_length(figure.name);
        writer.u64_be(std::bit_cast<std::uint64_t>(figure.value));
    }
    Bytes preparation;
    if (model.preparation) model.preparation->save(preparation);
    writer.u32_be(static_cast<std::uint32_t>(preparation.size()));
    writer.bytes(preparation);
    writer.u8(static_cast<std::uint8_t>(model.model.index()));
}

// Everything before the fitted model; `out` gets it.
Result<void> read_origin(ByteReader& reader, TrainedModel& out) {
    HF_TRY(out.name, read_text(reader));
    if (!is_name(out.name)) return damaged("a name that is none");
    HF_TRY(const std::uint32_t pipeline, reader.u32_be());
    if (pipeline > kPipelineBytesMax) return damaged("a pipeline of more than a mebibyte");
    HF_TRY(const ByteView text, reader.take(pipeline));
    if (!is_utf8(as_text(text))) return damaged("a pipeline that is not UTF-8");
    out.pipeline = as_text(text);
    HF_TRY(const std::size_t ranges, read_count(reader, "ranges"));
    for (std::size_t i = 0; i < ranges; ++i) {
        HF_TRY(out.data.emplace_back(), read_range(reader));
    }
    HF_TRY(const std::uint64_t first, reader.u64_be());
    HF_TRY(const std::uint64_t last, reader.u64_be());
    out.first_event_ms = static_cast<std::int64_t>(first);
    out.last_event_ms = static_cast<std::int64_t>(last);
    HF_TRY(out.seed, reader.u64_be());
    return ok();
}

Result<void> read_inputs(ByteReader& reader, TrainedModel& out) {
    HF_TRY(const std::size_t signals, read_count(reader, "signals"));
    for (std::size_t i = 0; i < signals; ++i) {
        HF_TRY(out.signals.emplace_back(), read_text(reader));
    }
    HF_TRY(const std::size_t features, read_count(reader, "features"));
    for (std::size_t i = 0; i < features; ++i) {
        HF_TRY(out.features.emplace_back(), read_feature(reader));
    }
    HF_TRY(const std::size_t figures, read_count(reader, "figures"));
    for (std::size_t i = 0; i < figures; ++i) {
        HF_TRY(out.figures.emplace_back(), read_figure(reader));
    }
    return ok();
}

Result<void> read_preparation(ByteReader& reader, TrainedModel& out) {
    HF_TRY(const std::uint32_t size, reader.u32_be());
    if (size == 0) return ok();
    HF_TRY(const ByteView state, reader.take(size));
    HF_TRY(Preparation preparation, Preparation::restore(state));
    if (preparation.features() != out.features.size())
        return damaged(fmt::format("a preparation of {} features with {}", preparation.features(),
                                   out.features.size()));
    out.preparation = std::move(preparation);
    return ok();
}

Result<TrainedModel> read_body(ByteReader reader, TrainedModel out) {
    HF_TRY(read_origin(reader, out));
    HF_TRY(read_inputs(reader, out));
    HF_TRY(read_preparation(reader, out));
    HF_TRY(const std::uint8_t kind, reader.u8());
    HF_TRY(out.model, restore_fitted(kind, reader.rest()));
    if (features_of(out.model) != out.features.size())
        return damaged(fmt::format("a model of {} features with {}", features_of(out.model),
                                   out.features.size()));
    if (const auto stream = FeatureStream::make(out.features, out.signals.size()); !stream)
        return damaged(stream.error().context);
    return out;
}

} // namespace

std::size_t features_of(const FittedModel& model) {
    struct Count {
        std::size_t operator()(const LinearRegression& m) const { return m.weights().size(); }
        std::size_t operator()(const LogisticRegression& m) const { return m.weights().size(); }
        std::size_t operator()(const KMeans& m) const { return m.centre(0).size(); }
        std::size_t operator()(const PrincipalComponents& m) const { return m.features(); }
        std::size_t operator()(const TreeEnsemble& m) const { return m.features(); }
    };
    return std::visit(Count{}, model);
}

Bytes encode_model(const TrainedModel& model) {
    assert(is_name(model.name) && model.pipeline.size() <= kPipelineBytesMax);
    Bytes body;
    ByteWriter writer(body);
    write_body(writer, model);
    std::visit([&body](const auto& fitted_model) { fitted_model.save(body); }, model.model);
    Bytes out;
    ByteWriter header(out);
    header.text(kMagic);
    header.u32_be(kVersion);
    header.u64_be(body.size());
    header.u32_be(crc32c(body));
    header.bytes(body);
    return out;
}

Result<TrainedModel> decode_model(ByteView bytes) {
    if (bytes.size() > kModelFileBytesMax)
        return fail(Errc::too_large, fmt::format("a model file of {} bytes, at most {}",
                                                 bytes.size(), kModelFileBytesMax));
    if (bytes.size() < kMagic.size() || as_text(bytes.first(kMagic.size())) != kMagic)
        return fail(Errc::malformed, "not a model file: it does not begin as one");
    if (bytes.size() < kHeaderBytes) return damaged("cut short in its header");
    const std::byte* header = bytes.data() + kMagic.size();
    if (const std::uint32_t version = load_u32_be(header); version != kVersion)
        return fail(
            Errc::not_supported,
            fmt::format("a model file of version {}; this server reads {}", version, kVersion));
    const ByteView body = bytes.subspan(kHeaderBytes);
    if (const std::uint64_t size = load_u64_be(header + 4); size != body.size())
        return damaged(fmt::format("{} bytes where {} were written", body.size(), size));
    if (load_u32_be(header + 12) != crc32c(body))
        return damaged("its checksum does not match, so it was changed after it was written");
    TrainedModel empty{.name = {},
                       .pipeline = {},
                       .data = {},
                       .signals = {},
                       .features = {},
                       .figures = {},
                       .preparation = {},
                       .model = TreeEnsemble(TreeEnsemble::Link::identity, 0.0, {}, {})};
    Result<TrainedModel> out = read_body(ByteReader(body), std::move(empty));
    // What a reader calls malformed is damage here: the checksum says that it was written so.
    if (!out && out.error().code != Errc::corrupt) return damaged(out.error().context);
    return out;
}

} // namespace holdfast::ml
