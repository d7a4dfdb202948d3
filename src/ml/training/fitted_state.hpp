#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// The primitives of docs/format/trained.md: what a fitted model is saved as.
class StateWriter {
public:
    StateWriter(Bytes& out, std::uint8_t version) : writer_(out) { writer_.u8(version); }

    void u8(std::uint8_t value) { writer_.u8(value); }
    void u32(std::size_t value) { writer_.u32_be(static_cast<std::uint32_t>(value)); }
    void number(double value) { writer_.u64_be(std::bit_cast<std::uint64_t>(value)); }
    void numbers(std::span<const double> values) {
        for (const double value : values) number(value);
    }

private:
    ByteWriter writer_;
};

// All errors are malformed, from a ByteReader, or corrupt; the caller says of what.
class StateReader {
public:
    explicit StateReader(ByteView bytes) : reader_(bytes) {}

    [[nodiscard]] Result<void> version(std::uint8_t wanted) {
        HF_TRY(const std::uint8_t found, reader_.u8());
        return found == wanted ? ok() : Result<void>(wrong());
    }
    [[nodiscard]] Result<std::uint8_t> u8() { return reader_.u8(); }
    [[nodiscard]] Result<std::uint32_t> u32() { return reader_.u32_be(); }
    // A number from 1 to `max`.
    [[nodiscard]] Result<std::size_t> count(std::size_t max) {
        HF_TRY(const std::uint32_t found, reader_.u32_be());
        if (found == 0 || found > max) return wrong();
        return std::size_t{found};
    }
    // Finite.
    [[nodiscard]] Result<double> number() {
        HF_TRY(const std::uint64_t bits, reader_.u64_be());
        const double value = std::bit_cast<double>(bits);
        if (!std::isfinite(value)) return wrong();
        return value;
    }
    // Allocates no more than the bytes that are there can fill.
    [[nodiscard]] Result<std::vector<double>> numbers(std::size_t count) {
        if (count > reader_.remaining() / sizeof(double)) return wrong();
        std::vector<double> out(count);
        for (double& value : out) {
            HF_TRY(value, number());
        }
        return out;
    }
    [[nodiscard]] std::size_t remaining() const noexcept { return reader_.remaining(); }
    [[nodiscard]] Result<void> end() const {
        return reader_.empty() ? ok() : Result<void>(wrong());
    }
    [[nodiscard]] static Error wrong() {
        return fail(Errc::corrupt, "a value that is never saved");
    }

private:
    ByteReader reader_;
};

} // namespace holdfast::ml
