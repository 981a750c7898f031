#include "engine/process_group.h"

#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "core/error.h"
#include "core/log.h"
#include "engine/nccl_group.h"

namespace skysense {
namespace {

constexpr int64_t kBucketBytes =
    64 << 20;  // parameters that travel together: large enough for the network, small beside the model

/// What a launcher calls rank, size and local rank.
struct Names {
  const char *rank, *size, *local_rank;
};
constexpr Names kLaunchers[] = {{"RANK", "WORLD_SIZE", "LOCAL_RANK"},
                                {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
                                {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"},
                                {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"}};

using Environment = std::map<std::string, std::string>;

std::optional<int64_t> number_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  int64_t number = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [stop, error] = std::from_chars(found->second.data(), end, number);
  if (error != std::errc() || stop != end)
    throw UsageError(fmt::format("environment: {} is '{}', expected a number", name, found->second));
  return number;
}

std::string text_of(const Environment& environment, const std::string& name, const std::string& otherwise) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? otherwise : found->second;
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// The first line of what LibTorch says, without its stack.
std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

class ProcessGroup : public Ranks {
 public:
  ProcessGroup(c10::intrusive_ptr<c10d::Backend> backend, c10::intrusive_ptr<c10d::Store> store,
               const LaunchedAs& launch, torch::Device device)
      : backend_(std::move(backend)), store_(std::move(store)), launch_(launch), device_(device) {}

  int64_t rank() const override { return launch_.rank; }
  int64_t size() const override { return launch_.size; }
  int64_t local_rank() const override { return launch_.local_rank; }

  torch::Tensor sum(const torch::Tensor& own) const override {
    auto total = own.detach().clone(at::MemoryFormat::Contiguous);
    reduce(total, c10d::ReduceOp::SUM);
    return total;
  }

  torch::Tensor log_sum(const torch::Tensor& own) const override {
    // Against the largest of all ranks: no exponential can overflow.
    auto largest = own.detach().clone(at::MemoryFormat::Contiguous);
    reduce(largest, c10d::ReduceOp::MAX);
    const auto shift = torch::where(largest.isfinite(), largest, torch::zeros_like(largest));
    return sum((own - shift).exp()).log() + shift;
  }

  std::function<void()> begin_sum(const torch::Tensor& values) const override {
    // The list has to outlive the exchange.
    const auto list = std::make_shared<std::vector<torch::Tensor>>(1, values);
    c10::intrusive_ptr<c10d::Work> work;
    checked([&] { work = backend_->allreduce(*list, {.reduceOp = c10d::ReduceOp::SUM}); });
    return [this, list, work] { checked([&work = work] { work->wait(); }); };
  }

  void copy_from(int64_t root, const std::vector<torch::Tensor>& tensors) const override {
    const torch::NoGradGuard no_grad;
    for (size_t first = 0; first < tensors.size();) {
      size_t end = first;
      for (int64_t bytes = 0; end < tensors.size() &&
                              (end == first || bytes + static_cast<int64_t>(tensors[end].nbytes()) <= kBucketBytes);
           ++end)
        bytes += static_cast<int64_t>(tensors[end].nbytes());
      std::vector<torch::Tensor> flat;
      for (size_t i = first; i < end; ++i) flat.push_back(tensors[i].reshape({-1}));
      std::vector<torch::Tensor> bucket = {at::cat(flat).to(device_)};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      checked([&] { return backend_->broadcast(bucket, options)->wait(); });
      int64_t offset = 0;
      for (size_t i = first; i < end; ++i) {
        tensors[i].copy_(bucket[0].narrow(0, offset, tensors[i].numel()).view(tensors[i].sizes()));
        offset += tensors[i].numel();
      }
      first = end;
    }
  }

  void wait_for_all() const override {
    auto one = torch::ones({1}, torch::device(device_));
    reduce(one, c10d::ReduceOp::SUM);
    one.item<float>();  // a GPU has really met the others
  }

  void part() const override {
    std::vector<std::string> all;
    for (int64_t rank = 0; rank < launch_.size; ++rank) all.push_back(fmt::format("parted.{}", rank));
    try {
      store_->set(all[static_cast<size_t>(launch_.rank)], std::vector<uint8_t>{1});
      store_->wait(all);
    } catch (const std::exception& error) {
      // Whoever keeps the meeting point may be through and gone: then all have said so.
      spdlog::debug("rank {} of {} parts: {}", launch_.rank, launch_.size, first_line(error.what()));
    }
  }

 private:
  /// `own` may be on the CPU while the group is one of GPUs.
  void reduce(torch::Tensor& own, c10d::ReduceOp operation) const {
    std::vector<torch::Tensor> on_device = {own.to(device_)};
    c10d::AllreduceOptions options;
    options.reduceOp = operation;
    checked([&] { return backend_->allreduce(on_device, options)->wait(); });
    if (own.device() == on_device[0].device()) {
      own = on_device[0];
    } else {
      own.copy_(on_device[0]);
    }
  }

  /// Calls the backend, whose failure is another rank's.
  template <class Call>
  void checked(Call&& call) const {
    try {
      call();
    } catch (const std::exception& error) {
      throw DataError(fmt::format(
          "rank {} of {}: another process of the run stopped or does not answer ({}); see what it wrote last, "
          "then start all of them again with --resume",
          launch_.rank, launch_.size, first_line(error.what())));
    }
  }

  const c10::intrusive_ptr<c10d::Backend> backend_;
  const c10::intrusive_ptr<c10d::Store> store_;
  const LaunchedAs launch_;
  const torch::Device device_;
};

/// LibTorch's flight recorder notes every call with its stack, for a dump that nobody here takes, and is not safe where
/// several groups share a process: off, unless the environment asks for it.
void keep_no_record() {
  static const bool off = ::setenv("TORCH_FR_BUFFER_SIZE", "0", 0) == 0;
  if (!off) throw DataError("the environment takes no variable more");
}

c10::intrusive_ptr<c10d::Backend> gloo_backend(const c10::intrusive_ptr<c10d::Store>& store, const LaunchedAs& launch,
                                               double timeout_s) {
  auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout_s));
  const std::string interface = text_of(environment_variables(), "GLOO_SOCKET_IFNAME", "");
  const bool local = launch.master == "127.0.0.1" || launch.master == "localhost";
  options->devices.push_back(!interface.empty() ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                             : local            ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                                : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(launch.rank),
                                                     static_cast<int>(launch.size), options);
}

}  // namespace

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> variables;
  for (char** item = environ; item != nullptr && *item != nullptr; ++item) {
    const std::string text = *item;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

std::optional<LaunchedAs> read_launch(const Environment& environment) {
  for (const Names& names : kLaunchers) {
    const auto rank = number_of(environment, names.rank), size = number_of(environment, names.size);
    if (!rank && !size) continue;
    if (!rank || !size)
      throw UsageError(fmt::format("environment: {} is set and {} is not: a launcher sets both",
                                   rank ? names.rank : names.size, rank ? names.size : names.rank));
    if (*size < 1 || *rank < 0 || *rank >= *size)
      throw UsageError(fmt::format("environment: {} {} of {} {}", names.rank, *rank, names.size, *size));
    if (*size == 1) return std::nullopt;
    LaunchedAs launch;
    launch.rank = *rank;
    launch.size = *size;
    launch.local_rank = number_of(environment, names.local_rank).value_or(*rank);
    launch.master = text_of(environment, "MASTER_ADDR", "127.0.0.1");
    launch.port = number_of(environment, "MASTER_PORT").value_or(29500);
    launch.store_is_up = text_of(environment, "TORCHELASTIC_USE_AGENT_STORE", "") == "True";
    return launch;
  }
  return std::nullopt;
}

std::unique_ptr<Ranks> join_ranks(const LaunchedAs& launch, torch::Device device, const DistributedOptions& options) {
  const auto as_said = [&](const std::exception& error) {
    return DataError(
        fmt::format("rank {} of {}: not all {} processes met at {}:{} ({}); start every one, with the same MASTER_ADDR "
                    "and MASTER_PORT, and look at what the missing one wrote",
                    launch.rank, launch.size, launch.size, launch.master, launch.port, first_line(error.what())));
  };
  keep_no_record();
  try {
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<std::uint16_t>(launch.port);
    meeting.isServer = !launch.store_is_up && launch.rank == 0;
    meeting.waitWorkers = !launch.store_is_up;
    if (!launch.store_is_up) meeting.numWorkers = static_cast<std::size_t>(launch.size);
    meeting.timeout = milliseconds(options.timeout_s);
    const c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::PrefixStore>(
        "skysense." + text_of(environment_variables(), "TORCHELASTIC_RESTART_COUNT", "0"),
        c10::make_intrusive<c10d::TCPStore>(launch.master, meeting));
    auto backend = device.is_cuda() ? nccl_backend(store, launch, options.timeout_s)
                                    : gloo_backend(store, launch, options.timeout_s);
    auto group = std::make_unique<ProcessGroup>(std::move(backend), store, launch, device);
    group->wait_for_all();
    spdlog::debug("rank {} of {} has joined", launch.rank, launch.size);
    return group;
  } catch (const DataError&) {
    throw;
  } catch (const std::exception& error) {
    throw as_said(error);
  }
}

}  // namespace skysense
