#include "pipeline/training_mark.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/base/whole_file.hpp>

#include <system_error>

namespace holdfast::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kBytesMax = 256 * 1024;
constexpr const char* kEnding = ".training";

fs::path path_of(const fs::path& directory, const std::string& id) {
    return directory / (id + kEnding);
}

Bytes encode(const TrainingMark& mark) {
    Bytes body;
    ByteWriter writer(body);
    writer.u8(kFormat);
    writer.text_with_u16_length(mark.id);
    writer.text_with_u16_length(mark.model);
    writer.text_with_u16_length(mark.made_by);
    writer.u64_be(static_cast<std::uint64_t>(mark.submitted_ms));
    Bytes out;
    ByteWriter head(out);
    head.u32_be(crc32c(body));
    head.bytes(body);
    return out;
}

Result<TrainingMark> decode(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint32_t crc, reader.u32_be());
    if (crc32c(reader.rest()) != crc) return fail(Errc::corrupt, "its checksum does not match");
    HF_TRY(const std::uint8_t format, reader.u8());
    if (format != kFormat) return fail(Errc::not_supported, "it is of a newer format");
    TrainingMark out;
    HF_TRY(out.id, reader.utf8_with_u16_length());
    HF_TRY(out.model, reader.utf8_with_u16_length());
    HF_TRY(out.made_by, reader.utf8_with_u16_length());
    HF_TRY(const std::uint64_t submitted_ms, reader.u64_be());
    out.submitted_ms = static_cast<std::int64_t>(submitted_ms);
    return out;
}

// A mark is only ever there whole, so what does not read is not ours.
Result<TrainingMark> read_mark(const fs::path& file) {
    HF_TRY(const Bytes bytes, read_whole(file, kBytesMax));
    HF_TRY(TrainingMark mark, decode(bytes));
    if (file.filename() != mark.id + kEnding)
        return fail(Errc::malformed, "it is the mark of training " + mark.id);
    return mark;
}

} // namespace

Result<void> write_mark(const fs::path& directory, const TrainingMark& mark) {
    return write_whole(path_of(directory, mark.id), encode(mark));
}

void remove_mark(const fs::path& directory, const std::string& id) {
    std::error_code error;
    fs::remove(path_of(directory, id), error);
    if (error)
        log_warn("models", "training {} will be taken for one that was interrupted: {}", id,
                 error.message());
}

std::vector<TrainingMark> take_marks(const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code error; // a directory that does not read has no marks
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
        if (at->path().extension() == kEnding) files.push_back(at->path());
    std::vector<TrainingMark> out;
    for (const fs::path& file : files) {
        auto mark = read_mark(file);
        if (!mark) {
            log_warn("models", "{} is no mark of a training and left alone: {}", file.string(),
                     mark.error().context);
            continue;
        }
        out.push_back(std::move(mark).value());
        remove_mark(directory, out.back().id);
    }
    return out;
}

} // namespace holdfast::pipeline
