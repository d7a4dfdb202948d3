#include <load/cli.hpp>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    try {
        return holdfast::load::run_command_line(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "holdfast-load: %s\n", error.what());
        return 2;
    }
}
