// The program `lanewise`: finds the command, reads its flags, runs it, tells its errors.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/build_info.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/suggest.h"
#include "kernels/isa.h"
#include "lanewise/error.h"

namespace lanewise::cli {
namespace {

constexpr Command kCommands[] = {
    {"train", "train a network on a table", add_train},
    {"predict", "predict the rows of a table with a trained model", add_predict},
    {"evaluate", "score a trained model on rows whose answers are known", add_evaluate},
    {"prune", "make a trained model smaller", add_prune},
    {"normalize", "bring the features of samples to one scale", add_normalize},
    {"neighbors", "the nearest samples of each query", add_neighbors},
    {"cluster", "group samples by k-means", add_cluster},
    {"inspect", "show a model, a table, an array file or this machine", add_inspect},
    {"explain", "explain the shapes of an expression", add_explain},
    {"cost", "operations and memory of a network", add_cost},
    {"generate", "synthetic data of any size, to train, test and measure with", add_generate},
    {"plan", "how a network is run: stages, tiles, kernels, buffers", add_plan},
};

std::string overview() {
  std::string text =
      "Lanewise trains and serves dense networks on tables.\n\nUsage: lanewise COMMAND --flags\n\n";
  for (const Command& c : kCommands) text += fmt::format("  {:<10}{}\n", c.name, c.summary);
  return text + R"text(
  lanewise COMMAND --help    flags and examples of a command
  lanewise --version         version, compiler, build type, vector instructions

Examples:
  lanewise train --data customers.csv --target churned --model churn.safetensors
  lanewise predict --model churn.safetensors --data new.csv --output out.csv
  lanewise explain "(64,100) @ (100,1000) + (64,1)"

Results go to stdout, everything else to stderr; --json prints one JSON object.
Exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted.
)text";
}

void print_version(const Output& output) {
  const std::string isa = kernels::isa_name();
  const std::string text =
      fmt::format("lanewise {} ({}, {}, {})\n", kVersion, kCompiler, kBuildType, isa);
  output.result(
      text, {{"version", kVersion}, {"compiler", kCompiler}, {"build", kBuildType}, {"isa", isa}});
}

const Command* find_command(const std::string& name) {
  const auto found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& c) { return c.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

[[noreturn]] void refuse_command(const std::string& word) {
  std::vector<std::string> known;
  for (const Command& c : kCommands) known.emplace_back(c.name);
  const std::string guess = did_you_mean(word, known);
  throw UsageError(
      fmt::format("no command '{}'{}", word, guess.empty() ? "; see lanewise --help" : guess));
}

void warn_of_slow_build(const Output& output) {
  if (kBuildType != "Release" && kBuildType != "RelWithDebInfo")
    output.warn("this is a {} build: much slower than a Release build", kBuildType);
}

int fail(const Output& output, std::string_view kind, std::string_view message, int code) {
  output.complain(message);
  if (output.json()) output.result({}, {{"error", {{"kind", kind}, {"message", message}}}});
  return code;
}

int fail_interrupted(const Output& output) {
  return fail(output, "Interrupted", "interrupted; no file is left unfinished", kInterrupted);
}

int run_command(const Command& command, std::vector<std::string> arguments, Output& output) {
  CommandLine line(std::string(command.name), std::string(command.summary));
  const Run run = command.add(line);
  bool json = false;  // main() looks for it too, for errors that come before
  line.group("Output").toggle("--json", json, "print the result as one JSON object");
  if (!line.read(std::move(arguments))) {
    output.write(line.help());
    return kDone;
  }
  output.set_json(json);
  warn_of_slow_build(output);
  end_on_interrupts([output] { fail_interrupted(output); });
  return run(output);
}

int dispatch(std::vector<std::string> arguments, Output& output) {
  if (arguments.empty()) {
    output.say(overview());
    return kWrongUsage;
  }
  std::string word = arguments[0];
  arguments.erase(arguments.begin());
  if (word == "help" && !arguments.empty()) {
    word = arguments[0];
    arguments = {"--help"};
  }
  if (word == "--help" || word == "-h" || word == "help") return output.write(overview()), kDone;
  if (word == "--version") return print_version(output), kDone;
  const Command* command = find_command(word);
  if (command == nullptr) refuse_command(word);
  output.set_command(word);
  return run_command(*command, std::move(arguments), output);
}

const ErrorMapping& mapping(const Error& error) {
  return error_kinds()[static_cast<size_t>(error.kind())];
}

int run_and_tell_errors(const std::vector<std::string>& arguments, Output& output) {
  try {
    return dispatch(arguments, output);
  } catch (const Interrupted&) {
    return fail_interrupted(output);
  } catch (const UsageError& error) {
    return fail(output, "UsageError", error.what(), kWrongUsage);
  } catch (const Error& error) {
    return fail(output, mapping(error).name, error.what(), mapping(error).exit_code);
  } catch (const std::bad_alloc&) {
    return fail(output, "MemoryError", "not enough memory", kFailed);
  } catch (const std::exception& error) {
    return fail(output, "InternalError", InternalError(error.what()).what(), kFailed);
  }
}

// The next file that is opened would take the place of one that is closed, and get what is said.
// What stands there instead can't be read, or written, either.
void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0)
      (void)!::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace
}  // namespace lanewise::cli

int main(int argc, char** argv) {
  using namespace lanewise::cli;
  // A closed pipe and a file that may not grow are errors of write().
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  occupy_closed_streams();
  Output output;
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  output.set_json(std::find(arguments.begin(), arguments.end(), "--json") != arguments.end());
  try {
    return run_and_tell_errors(arguments, output);
  } catch (const ClosedPipe&) {
    return kFailed;
  } catch (const std::exception&) {  // stdout can't even take the error
    output.complain("stdout can't be written");
    return kFailed;
  }
}
