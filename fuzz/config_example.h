#pragma once

#include <string>
#include <vector>

#include "core/options.h"

namespace skysense::fuzz {

/// Options of every kind that a config can hold, in groups two deep.
struct ExampleOptions {
  struct Inner {
    bool flag = false;
    std::vector<int64_t> depths = {2, 2};
    std::vector<double> weights = {0.5};
    void describe(OptionFields& fields) {
      fields("flag", flag, "a switch");
      fields("depths", depths, "integers").between(0, 100);
      fields("weights", weights, "numbers");
    }
  };
  struct Train {
    int64_t steps = 100;
    double lr = 2e-4;
    std::string dtype = "float32";
    Inner inner;
    void describe(OptionFields& fields) {
      fields("steps", steps, "an integer").at_least(0);
      fields("lr", lr, "a number").between(0, 1);
      fields("dtype", dtype, "a choice").one_of({"float32", "bfloat16"});
      fields.group("inner", inner);
    }
  };
  int64_t seed = 0;
  std::string name = "run";
  std::vector<std::string> sensors = {"hr"};
  Train train;
  void describe(OptionFields& fields) {
    fields("seed", seed, "an integer");
    fields("name", name, "text");
    fields("sensors", sensors, "texts");
    fields.group("train", train);
  }
};

}  // namespace skysense::fuzz
