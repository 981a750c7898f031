#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

namespace skysense::app {

/// Prints the verb's one JSON line on stdout; human text goes to stderr through the log.
void print_result(const nlohmann::json& result);

// One function a verb, in the file of its name: it adds the verb's options to the command line and the callback that
// runs it. The callback throws UsageError or DataError; only main catches.
void add_datasets(CLI::App& program);
void add_detect(CLI::App& program);
void add_embed(CLI::App& program);
void add_bench(CLI::App& program);
void add_change(CLI::App& program);
void add_info(CLI::App& program);
void add_plan(CLI::App& program);
void add_predict(CLI::App& program);
void add_pretrain(CLI::App& program);
void add_probe(CLI::App& program);
void add_synth(CLI::App& program);
void add_index(CLI::App& program);
void add_rasterize(CLI::App& program);
void add_visualize(CLI::App& program);
void add_doctor(CLI::App& program);
void add_finetune(CLI::App& program);
void add_evaluate(CLI::App& program);

}  // namespace skysense::app
