#pragma once

#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/identity/users.hpp>

#include <string>
#include <vector>

namespace holdfast::test {

// A site with roles and without users, for the commands that make and ask about them.
class SecuredSite {
public:
    explicit SecuredSite(const std::string& listeners = "{mqtt: off, http: \"127.0.0.1:0\"}") {
        write_file(file("site.yaml"),
                   "listeners: " + listeners + "\naccess: access.yaml\nusers: users\n");
        write_file(file("access.yaml"),
                   "roles:\n"
                   "  device:\n"
                   "    - {allow: connect, clients: [\"{user}\", \"{client}\"]}\n"
                   "    - {allow: [publish, subscribe], topics: [\"plant/{user}/#\"]}\n"
                   "    - {allow: publish, topics: [\"cert/{cn}/up\"]}\n"
                   "  viewer:\n"
                   "    - {allow: subscribe, topics: [\"plant/#\"]}\n"
                   "    - {deny: subscribe, topics: [\"plant/+/secret\"]}\n"
                   "    - {allow: read, streams: [\"telemetry\"], areas: [rules]}\n"
                   "anonymous: []\n");
    }

    [[nodiscard]] std::filesystem::path file(const std::string& name) const {
        return directory_.path() / name;
    }
    [[nodiscard]] Outcome run(std::vector<std::string> words) const {
        words.insert(words.end(), {"-c", file("site.yaml").string()});
        return run_holdfast(words);
    }
    // With `input` on standard input.
    [[nodiscard]] Outcome run_with_input(const std::string& input,
                                         const std::vector<std::string>& words) const {
        std::vector<std::string> all{"/bin/sh", "-c",
                                     R"(input=$1; shift; printf '%s' "$input" | "$0" "$@")",
                                     HOLDFAST_PROGRAM, input};
        all.insert(all.end(), words.begin(), words.end());
        all.insert(all.end(), {"-c", file("site.yaml").string()});
        Child child(all);
        Outcome outcome;
        outcome.exit_code = child.wait();
        outcome.output = child.output();
        outcome.errors = child.errors();
        return outcome;
    }
    [[nodiscard]] identity::Users users() const {
        return identity::load_users(file("users")).value();
    }

private:
    TempDir directory_;
};

} // namespace holdfast::test
