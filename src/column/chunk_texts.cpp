#include <holdfast/column/chunk_texts.hpp>

#include <holdfast/column/chunk_ints.hpp>

#include "column/zstd_block.hpp"

#include <cassert>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace holdfast::column {
namespace {

using Codes = std::vector<std::int64_t>;

std::int64_t signed_size(std::size_t size) noexcept {
    return static_cast<std::int64_t>(size);
}

Result<std::vector<std::string_view>> read_dictionary(ByteReader& in, TextArena& arena,
                                                      std::size_t entries_max) {
    HF_TRY(const auto count, in.varlong());
    if (count < 0 || static_cast<std::size_t>(count) > entries_max)
        return fail(Errc::corrupt, "chunk: more texts in the dictionary than rows");
    Codes lengths(static_cast<std::size_t>(count));
    HF_TRY(decode_ints(in, lengths));
    HF_TRY(const Bytes all, read_block(in, kChunkTextBytesMax));
    std::string_view rest = arena.keep(as_text(ByteView(all)));
    if (rest.size() != all.size())
        return fail(Errc::limit_exceeded, "chunk: no memory for its texts");
    std::vector<std::string_view> dictionary;
    dictionary.reserve(lengths.size());
    for (const std::int64_t length : lengths) {
        if (length < 0 || static_cast<std::size_t>(length) > rest.size())
            return fail(Errc::corrupt, "chunk: a text longer than its dictionary");
        dictionary.push_back(rest.substr(0, static_cast<std::size_t>(length)));
        rest.remove_prefix(static_cast<std::size_t>(length));
    }
    if (!rest.empty()) return fail(Errc::corrupt, "chunk: a dictionary longer than its texts");
    return dictionary;
}

Result<void> read_texts(ByteReader& in, TextArena& arena, std::span<std::string_view> out) {
    HF_TRY(const auto dictionary, read_dictionary(in, arena, out.size()));
    Codes codes(out.size());
    HF_TRY(decode_ints(in, codes));
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (codes[i] < 0 || static_cast<std::size_t>(codes[i]) >= dictionary.size())
            return fail(Errc::corrupt, "chunk: a text that is not in its dictionary");
        out[i] = dictionary[static_cast<std::size_t>(codes[i])];
    }
    return ok();
}

} // namespace

void encode_texts(std::span<const std::string_view> texts, Bytes& out) {
    std::unordered_map<std::string_view, std::int64_t> places;
    Codes codes;
    Codes lengths;
    Bytes all;
    codes.reserve(texts.size());
    for (const std::string_view text : texts) {
        const auto [found, is_new] = places.try_emplace(text, signed_size(lengths.size()));
        codes.push_back(found->second);
        if (!is_new) continue;
        lengths.push_back(signed_size(text.size()));
        ByteWriter(all).text(text);
    }
    assert(all.size() <= kChunkTextBytesMax);
    ByteWriter(out).varlong(signed_size(lengths.size()));
    encode_ints(lengths, out);
    write_block(all, out);
    encode_ints(codes, out);
}

Result<void> decode_texts(ByteReader& in, TextArena& arena, std::span<std::string_view> out) {
    auto read = read_texts(in, arena, out);
    if (read) return ok();
    const Errc code =
        read.error().code == Errc::limit_exceeded ? Errc::limit_exceeded : Errc::corrupt;
    return fail(code, std::move(read).error().context);
}

} // namespace holdfast::column
