#include <holdfast/gateway/rest/page.hpp>

namespace holdfast::gateway {

std::span<const PageFile> page_files() noexcept {
    return {};
}

} // namespace holdfast::gateway
