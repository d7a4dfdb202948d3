// Goal: RocksDB computes its checksums with our definition in this executable, and files that
// its own definition wrote still read.
#include "support/temp_dir.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/kv/database.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <dlfcn.h>

namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t init_crc, const char* data, std::size_t n);
}

using namespace holdfast;

namespace {

using ExtendFunction = std::uint32_t (*)(std::uint32_t, const char*, std::size_t);
constexpr const char* kName = "_ZN7rocksdb6crc32c6ExtendEjPKcm";

} // namespace

TEST_CASE("the dynamic linker resolves RocksDB's CRC-32C to ours", "[kv]") {
    // The first in link order is what the library's own calls reach through its PLT.
    auto* const first = reinterpret_cast<ExtendFunction>(dlsym(RTLD_DEFAULT, kName));
    auto* const stock = reinterpret_cast<ExtendFunction>(dlsym(RTLD_NEXT, kName));
    REQUIRE(first == &rocksdb::crc32c::Extend);
    REQUIRE(stock != nullptr);
    CHECK(stock != first);

    // Both give the same sums, in one piece and continued.
    std::string text(100'000, 'x');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 131 + i / 255);
    for (const std::size_t size : {0UL, 1UL, 15UL, 4096UL, 99'999UL}) {
        CAPTURE(size);
        CHECK(first(0, text.data(), size) == stock(0, text.data(), size));
        CHECK(first(12345, text.data(), size) == stock(12345, text.data(), size));
    }
    Dl_info info{};
    REQUIRE(dladdr(reinterpret_cast<void*>(stock), &info) != 0);
    CHECK(std::string(info.dli_fname).find("librocksdb") != std::string::npos);
}
