#include <holdfast/broker/fanout.hpp>

#include <holdfast/mqtt/frame.hpp>

#include <algorithm>

namespace holdfast::broker {
namespace {

constexpr std::array kAllForms = {WireForm::v3_qos0, WireForm::v3_qos1, WireForm::v3_qos2,
                                  WireForm::v5_qos0, WireForm::v5_qos1, WireForm::v5_qos2};

std::byte* put(std::byte* at, ByteView bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

} // namespace

Fanout::Run& Fanout::run_for(const std::shared_ptr<const MatchList>& list,
                             const FanoutMessage& message) {
    const bool retain = message.retain && list->has_retain_as_published();
    if (!runs_.empty()) {
        Run& last = runs_.back();
        if (last.list == list && last.qos == message.qos && last.retain == retain &&
            (!list->has_no_local() || last.publisher == message.publisher))
            return last;
    }
    Run& run = runs_.emplace_back();
    run.list = list;
    run.publisher = message.publisher;
    run.qos = message.qos;
    run.retain = retain;
    for (const WireForm form : kAllForms) {
        const FormBuffer& buffer = forms_[static_cast<std::size_t>(form)];
        Part& part = run.parts[static_cast<std::size_t>(form)];
        part = {buffer.bytes.size(), buffer.bytes.size(), buffer.id_positions.size()};
    }
    return run;
}

void Fanout::add(const std::shared_ptr<const MatchList>& list, const FanoutMessage& message) {
    const WireForms needed = list->forms(message.qos);
    if (needed.empty()) return; // all receivers have queues
    Run& run = run_for(list, message);
    needed.for_each([&](WireForm form) {
        run.packet_bytes_max = std::max(run.packet_bytes_max, encode(run, form, message));
    });
    ++run.messages;
}

// Gives the packet's size. Packet ids are patched in before each send: noted is where.
std::size_t Fanout::encode(Run& run, WireForm form, const FanoutMessage& message) {
    FormBuffer& buffer = forms_[static_cast<std::size_t>(form)];
    Part& part = run.parts[static_cast<std::size_t>(form)];
    const bool is_as_it_came = !message.body.empty() && form == message.body_form;
    const bool has_id = qos_of(form) != 0;
    std::size_t property_bytes = 0;
    std::size_t rest_bytes = message.body.size();
    if (!is_as_it_came) {
        if (is_v5(form))
            property_bytes = mqtt::variable_byte_integer_bytes(message.properties.size()) +
                             message.properties.size();
        rest_bytes =
            2 + message.topic.size() + (has_id ? 2U : 0U) + property_bytes + message.payload.size();
    }
    const std::size_t whole = 1 + mqtt::variable_byte_integer_bytes(rest_bytes) + rest_bytes;
    std::byte* at = buffer.bytes.extend(whole);
    *at++ = static_cast<std::byte>(0x30U | unsigned{qos_of(form)} << 1U); // PUBLISH and its QoS
    at = mqtt::put_variable_byte_integer(at, rest_bytes);
    if (has_id)
        buffer.id_positions.push_back(static_cast<std::uint32_t>(
            at + 2 + message.topic.size() - (buffer.bytes.data() + part.begin)));
    if (is_as_it_came) {
        put(at, message.body);
    } else {
        store_u16_be(at, static_cast<std::uint16_t>(message.topic.size()));
        at = put(at + 2, as_bytes(message.topic));
        if (has_id) at += 2;
        if (is_v5(form)) {
            at = mqtt::put_variable_byte_integer(at, message.properties.size());
            at = put(at, message.properties);
        }
        put(at, message.payload);
    }
    part.end += whole;
    return whole;
}

void Fanout::add_runs_of_shard(const Fanout& other, std::uint16_t shard) {
    for (const Run& from : other.runs_) {
        const auto receivers = from.list->of_shard(shard);
        if (receivers.empty()) continue;
        WireForms needed;
        for (const Receiver& receiver : receivers)
            if (!is_queued(receiver, from.qos))
                needed.add(wire_form(receiver.is_v5, std::min(from.qos, receiver.qos)));
        if (needed.empty()) continue;
        Run& run = runs_.emplace_back(from);
        for (const WireForm form : kAllForms) {
            const auto index = static_cast<std::size_t>(form);
            FormBuffer& to = forms_[index];
            const Part& part = from.parts[index];
            run.parts[index] = {to.bytes.size(), to.bytes.size(), to.id_positions.size()};
            if (!needed.has(form)) continue;
            to.bytes.append(other.forms_[index].bytes.data() + part.begin, part.end - part.begin);
            run.parts[index].end = to.bytes.size();
            const auto ids = other.id_positions(from, form);
            to.id_positions.insert(to.id_positions.end(), ids.begin(), ids.end());
        }
    }
}

void Fanout::clear(std::size_t keep_bytes_max) {
    runs_.clear();
    for (FormBuffer& form : forms_) {
        form.bytes.clear(keep_bytes_max);
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
    if (qos_of(form) == 0 || run.parts[index].begin == run.parts[index].end) return {};
    return std::span(forms_[index].id_positions).subspan(run.parts[index].id_begin, run.messages);
}

} // namespace holdfast::broker
