// Invariant: any bytes are refused with the line that is wrong, or hold users that are written and
// read back as they are, with every token that of a user.
#include <holdfast/identity/users.hpp>

#include <cstdlib>

using namespace holdfast;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto users = identity::parse_users(text, "users");
    if (!users) {
        require(users.error().context.starts_with("users:"));
        return 0;
    }
    const auto again = identity::parse_users(identity::to_text(users.value()), "users");
    require(again.has_value() && again.value() == users.value());
    for (const identity::User& user : users.value().users) {
        require(identity::is_user_name(user.name));
        require(users.value().find(user.name) == &user);
    }
    for (const identity::Token& token : users.value().tokens)
        require(users.value().find(token.user) != nullptr);
    return 0;
}
