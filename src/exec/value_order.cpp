#include "exec/value_order.hpp"

namespace holdfast::exec {
namespace {

using column::Type;
using column::Value;

int rank(Type type) noexcept {
    switch (type) {
        case Type::null: break;
        case Type::boolean: return 1;
        case Type::int64:
        case Type::float64: return 2;
        case Type::timestamp: return 3;
        case Type::text: return 4;
    }
    return 0;
}

} // namespace

int order_of(const Value& a, const Value& b, bool is_descending, bool nulls_first) noexcept {
    if (a.is_null() || b.is_null()) {
        if (a.is_null() && b.is_null()) return 0;
        return a.is_null() == nulls_first ? -1 : 1;
    }
    const int order = column::comparable(a, b) ? column::compare(a, b)
                                               : (rank(a.type()) < rank(b.type()) ? -1 : 1);
    return is_descending ? -order : order;
}

} // namespace holdfast::exec
