// RocksDB computes CRC-32C in software in the distributions we build for, and calls
// rocksdb::crc32c::Extend through the PLT: this definition in the executable takes its place.
// The sums are the same, so databases written either way read each other's files.
#include <holdfast/base/crc32c.hpp>

#include <cstddef>
#include <cstdint>

namespace rocksdb::crc32c {

// The declaration stands in a RocksDB header that is not installed; the linker matches the name.
std::uint32_t Extend(std::uint32_t init_crc, const char* data, std::size_t n);

__attribute__((visibility("default"))) std::uint32_t Extend(std::uint32_t init_crc,
                                                            const char* data, std::size_t n) {
    return holdfast::crc32c({reinterpret_cast<const std::byte*>(data), n}, init_crc);
}

} // namespace rocksdb::crc32c
