#include <holdfast/ml/ensemble.hpp>

#include "ml/state_io.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr float kMuteShare = 0.5F;
constexpr float kHearShare = 0.25F;
constexpr std::array<std::string_view, 3> kNames = {"levels", "relations", "sensor"};

// One threshold for all: scores are calibrated to the same point.
template <typename Settings>
Settings with(Settings settings, double threshold) {
    settings.threshold = threshold;
    return settings;
}

// A member's state, with its length before it.
template <typename Member>
void write_member(Bytes& out, const Member& member) {
    Bytes state;
    member.save(state);
    ByteWriter writer(out);
    writer.u32_be(static_cast<std::uint32_t>(state.size()));
    writer.bytes(state);
}

template <typename Member>
Result<void> read_member(ByteReader& reader, Member& member) {
    HF_TRY(const std::uint32_t size, reader.u32_be());
    HF_TRY(const ByteView state, reader.take(size));
    return member.restore(state);
}

} // namespace

Ensemble::Ensemble(std::size_t signals, EnsembleSettings settings)
    : patience_samples_(settings.patience_samples),
      chart_(signals, with(settings.chart, settings.threshold)),
      rls_(signals, with(settings.rls, settings.threshold)),
      fault_(signals, with(settings.fault, settings.threshold)) {}

void Ensemble::listen(std::size_t member, const Verdict& verdict, bool is_alarmed) {
    Voice& voice = voices_[member];
    const double weight = 1.0 / patience_samples_;
    voice.share += static_cast<float>(weight * ((is_alarmed ? 1.0 : 0.0) - double{voice.share}));
    voice.muted = voice.muted ? voice.share >= kHearShare : voice.share > kMuteShare;
    is_warm_ = is_warm_ || verdict.is_warm;
    if (voice.muted) return;
    is_any_alarmed_ = is_any_alarmed_ || is_alarmed;
    if (verdict.score <= score_) return;
    score_ = verdict.score;
    loudest_ = member;
}

Verdict Ensemble::update(std::int64_t event_ms, std::span<const double> sample) {
    score_ = 0.0;
    is_any_alarmed_ = is_warm_ = false;
    // Each verdict is taken before its member is asked whether it is alarmed.
    const Verdict levels = chart_.update(sample);
    listen(0, levels, chart_.is_alarmed());
    const Verdict relations = rls_.update(sample);
    listen(1, relations, rls_.is_alarmed());
    const Verdict sensor = fault_.update(event_ms, sample);
    listen(2, sensor, fault_.is_alarmed());

    Verdict verdict;
    verdict.score = score_;
    verdict.is_warm = is_warm_;
    if (is_any_alarmed_ != alarmed_)
        verdict.transition = is_any_alarmed_ ? Transition::raised : Transition::cleared;
    alarmed_ = is_any_alarmed_;
    return verdict;
}

Explanation Ensemble::explain() const {
    Explanation out = loudest_ == 0   ? chart_.explain()
                      : loudest_ == 1 ? rls_.explain()
                                      : fault_.explain();
    out.context = std::string(kNames[loudest_]) + ": " + out.context;
    return out;
}

void Ensemble::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(alarmed_ ? 1 : 0);
    for (const Voice& voice : voices_) {
        write_f32(writer, voice.share);
        writer.u8(voice.muted ? 1 : 0);
    }
    write_member(out, chart_);
    write_member(out, rls_);
    write_member(out, fault_);
}

Result<void> Ensemble::restore(ByteView bytes) {
    Ensemble read = *this;
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of an ensemble detector");
    *this = std::move(read);
    return ok();
}

Result<void> Ensemble::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t alarmed, reader.u8());
    if (version != kStateVersion || alarmed > 1) return never_saved();
    alarmed_ = alarmed != 0;
    for (Voice& voice : voices_) {
        HF_TRY(read_f32(reader, voice.share));
        HF_TRY(const std::uint8_t muted, reader.u8());
        if (voice.share < 0.0F || voice.share > 1.0F || muted > 1) return never_saved();
        voice.muted = muted != 0;
    }
    HF_TRY(read_member(reader, chart_));
    HF_TRY(read_member(reader, rls_));
    HF_TRY(read_member(reader, fault_));
    return reader.empty() ? ok() : never_saved();
}

} // namespace holdfast::ml
