#pragma once

#include <cstdint>

namespace holdfast::config {

struct TrainingConfig {
    std::uint64_t memory_bytes = 256ULL << 20U; // of limits.memory, while a model is trained
    std::uint32_t versions = 10;                // of each trained model that are kept
};

} // namespace holdfast::config
