#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/progress.h"
#include "engine/signals.h"

namespace skysense::app {

void print_result(const nlohmann::json& result) {
  std::fputs((result.dump() + "\n").c_str(), stdout);
  std::fflush(stdout);
}

namespace {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

int report(const std::string& message, int code) {
  std::fputs(("error: " + message + "\n").c_str(), stderr);
  return code;
}

/// What is wrong with the verb, or nothing: CLI11 names a stray word without help, we say which verb was meant.
std::string unknown_verb(const CLI::App& program, int argc, char** argv) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : program.get_subcommands({})) verbs.push_back(verb->get_name());
  int first = 1;
  while (first < argc && argv[first][0] == '-') ++first;  // the program's own flags take no value
  if (first == argc || std::find(verbs.begin(), verbs.end(), argv[first]) != verbs.end()) return "";
  return fmt::format("unknown verb '{}'; did you mean '{}'? See skysense --help", argv[first],
                     nearest_word(argv[first], verbs));
}

std::string first_sentence(const std::string& text) { return text.substr(0, text.find(". ") + 1); }

int run(int argc, char** argv) {
  CLI::App program{"skysense: the unified multi-modal remote-sensing foundation model SkySense V2"};
  program.set_version_flag("--version", "skysense " SKYSENSE_VERSION);
  program.require_subcommand(1);
  bool quiet = false;
  program.add_flag("-q,--quiet", quiet, "only warnings and errors on stderr");
  program.fallthrough();
  program.parse_complete_callback([&] {
    set_up_log(quiet);
    Progress::silence(quiet);
  });
  add_bench(program);
  add_info(program);
  add_plan(program);
  add_pretrain(program);
  add_probe(program);
#ifdef SKYSENSE_RASTER
  add_embed(program);
  add_predict(program);
  add_change(program);
  add_detect(program);
  add_synth(program);
  add_index(program);
  add_rasterize(program);
  add_visualize(program);
  add_doctor(program);
  add_datasets(program);
  add_finetune(program);
  add_evaluate(program);
#endif

  if (const std::string message = unknown_verb(program, argc, argv); !message.empty())
    return report(message, kWrongUsage);
  try {
    program.parse(argc, argv);
    return kDone;
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    return report(fmt::format("{}; see skysense --help", error.what()), kWrongUsage);
  } catch (const Interrupted& interrupted) {
    return report(interrupted.what(), interrupted.exit_code());
  } catch (const UsageError& error) {
    return report(error.what(), kWrongUsage);
  } catch (const DataError& error) {
    return report(error.what(), kFailed);
  } catch (const std::bad_alloc&) {
    return report("out of memory", kFailed);
  } catch (const c10::OutOfMemoryError& error) {
    return report(
        fmt::format("the GPU's memory is full: {} Take fewer places at once (train.batch_size, or train.accumulate) or "
                    "set model.activation_checkpointing=true",
                    first_sentence(error.what_without_backtrace())),
        kFailed);
  } catch (const c10::Error& error) {
    return report(fmt::format("internal: {}", error.what_without_backtrace()), kFailed);
  } catch (const std::exception& error) {
    return report(fmt::format("internal: {}", error.what()), kFailed);
  }
}

}  // namespace
}  // namespace skysense::app

int main(int argc, char** argv) {
  skysense::tune_allocator(skysense::FreedBuffers::kKept);
  return skysense::app::run(argc, argv);
}
