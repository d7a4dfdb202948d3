#include <holdfast/broker/fanout.hpp>

#include <algorithm>

namespace holdfast::broker {
namespace {

constexpr std::array kAllForms = {WireForm::v3_qos0, WireForm::v3_qos1, WireForm::v5_qos0,
                                  WireForm::v5_qos1};

// MQTT's variable byte integer [MQTT5-1.5.5]; returns the place behind it.
std::byte* put_variable_byte_integer(std::byte* at, std::size_t value) noexcept {
    while (value >= 0x80) {
        *at++ = static_cast<std::byte>(value | 0x80U);
        value >>= 7U;
    }
    *at++ = static_cast<std::byte>(value);
    return at;
}

constexpr std::size_t variable_byte_integer_bytes(std::size_t value) noexcept {
    return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20'0000 ? 3 : 4;
}

std::byte* put(std::byte* at, ByteView bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

} // namespace

Fanout::Run& Fanout::run_for(const std::shared_ptr<const MatchList>& list, SessionRef publisher) {
    if (!runs_.empty() && runs_.back().list == list &&
        (!list->has_no_local() || runs_.back().publisher == publisher))
        return runs_.back();
    Run& run = runs_.emplace_back();
    run.list = list;
    run.publisher = publisher;
    for (const WireForm form : kAllForms) {
        const FormBuffer& buffer = forms_[static_cast<std::size_t>(form)];
        Part& part = run.parts[static_cast<std::size_t>(form)];
        part = {buffer.bytes.size(), buffer.bytes.size(), buffer.id_positions.size()};
    }
    return run;
}

void Fanout::add(const std::shared_ptr<const MatchList>& list, const FanoutMessage& message) {
    Run& run = run_for(list, message.publisher);
    const auto& needed = list->forms(publish_is_qos1_);
    for (const WireForm form : kAllForms) {
        if (!needed[static_cast<std::size_t>(form)]) continue;
        run.packet_bytes_max = std::max(run.packet_bytes_max, encode(run, form, message));
    }
    ++run.messages;
}

std::size_t Fanout::encode(Run& run, WireForm form, const FanoutMessage& message) {
    FormBuffer& buffer = forms_[static_cast<std::size_t>(form)];
    Part& part = run.parts[static_cast<std::size_t>(form)];
    const bool with_id = is_qos1(form);
    const std::size_t property_bytes =
        is_v5(form)
            ? variable_byte_integer_bytes(message.properties.size()) + message.properties.size()
            : 0;
    const std::size_t rest =
        2 + message.topic.size() + (with_id ? 2U : 0U) + property_bytes + message.payload.size();
    const std::size_t whole = 1 + variable_byte_integer_bytes(rest) + rest;

    std::byte* const start = buffer.bytes.extend(whole);
    std::byte* at = start;
    *at++ = std::byte{0x30} | (with_id ? std::byte{0x02} : std::byte{0});
    at = put_variable_byte_integer(at, rest);
    store_u16_be(at, static_cast<std::uint16_t>(message.topic.size()));
    at = put(at + 2, as_bytes(message.topic));
    if (with_id) {
        const std::size_t before = part.end - part.begin;
        buffer.id_positions.push_back(
            static_cast<std::uint32_t>(before + static_cast<std::size_t>(at - start)));
        store_u16_be(at, 0); // patched before each send
        at += 2;
    }
    if (is_v5(form)) {
        at = put_variable_byte_integer(at, message.properties.size());
        at = put(at, message.properties);
    }
    put(at, message.payload);
    part.end += whole;
    return whole;
}

void Fanout::add_runs_of_shard(const Fanout& other, std::uint16_t shard) {
    for (const Run& from : other.runs_) {
        const auto receivers = from.list->of_shard(shard);
        if (receivers.empty()) continue;
        std::array<bool, kWireForms> needed{};
        for (const Receiver& receiver : receivers) {
            const WireForm form = wire_form(receiver.is_v5, publish_is_qos1_ && receiver.qos > 0);
            needed[static_cast<std::size_t>(form)] = true;
        }
        Run& run = runs_.emplace_back(from);
        for (const WireForm form : kAllForms) {
            const auto index = static_cast<std::size_t>(form);
            FormBuffer& to = forms_[index];
            const Part& part = from.parts[index];
            run.parts[index] = {to.bytes.size(), to.bytes.size(), to.id_positions.size()};
            if (!needed[index]) continue;
            to.bytes.append(other.forms_[index].bytes.data() + part.begin, part.end - part.begin);
            run.parts[index].end = to.bytes.size();
            const auto ids = other.id_positions(from, form);
            to.id_positions.insert(to.id_positions.end(), ids.begin(), ids.end());
        }
    }
}

void Fanout::clear() {
    runs_.clear();
    for (FormBuffer& form : forms_) {
        form.bytes.clear();
        form.id_positions.clear();
    }
}

std::size_t Fanout::size_bytes() const noexcept {
    std::size_t sum = 0;
    for (const FormBuffer& form : forms_) sum += form.bytes.size();
    return sum;
}

std::span<std::byte> Fanout::bytes(const Run& run, WireForm form) {
    const auto index = static_cast<std::size_t>(form);
    const Part& part = run.parts[index];
    return {forms_[index].bytes.data() + part.begin, part.end - part.begin};
}

std::span<const std::uint32_t> Fanout::id_positions(const Run& run, WireForm form) const {
    const auto index = static_cast<std::size_t>(form);
    if (!is_qos1(form) || run.parts[index].begin == run.parts[index].end) return {};
    return std::span(forms_[index].id_positions).subspan(run.parts[index].id_begin, run.messages);
}

} // namespace holdfast::broker
