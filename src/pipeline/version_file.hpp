#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/model_file.hpp>

#include <cstdint>
#include <string>

namespace holdfast::pipeline {

// A trained model with when, by whom and how well it was trained: what a server keeps of it.
struct VersionFile {
    std::uint64_t number = 0; // from 1 on, of its model
    std::int64_t trained_ms = 0;
    std::string made_by; // empty: the operator
    std::string report;  // JSON
    ml::TrainedModel model;
};

inline constexpr std::size_t kReportBytesMax = 16U << 20U;
inline constexpr std::size_t kVersionFileBytesMax = ml::kModelFileBytesMax + (17U << 20U);

// docs/format/version_file.md. too_large beyond the bounds of report and model.
[[nodiscard]] Result<Bytes> encode_version(const VersionFile& version);
// malformed: no such file at all; not_supported: a newer format; corrupt: cut, changed since, or a
// model that does not read.
[[nodiscard]] Result<VersionFile> decode_version(ByteView bytes);

} // namespace holdfast::pipeline
