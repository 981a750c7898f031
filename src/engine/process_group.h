#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/options.h"
#include "engine/ranks.h"

namespace skysense {

/// How the processes of a run find and wait for each other.
struct DistributedOptions {
  double timeout_s = 600;  ///< after so long without an answer from the others a process gives up
  void describe(OptionFields& fields) {
    fields("timeout_s", timeout_s, "seconds after which a process gives up on the others").between(1, 86'400);
  }
};

/// Who a process is among those that its launcher started.
struct LaunchedAs {
  int64_t rank = 0, size = 1;
  int64_t local_rank = 0;    ///< among the processes of this machine: the number of its GPU
  std::string master;        ///< host of rank 0
  int64_t port = 0;          ///< there, where the processes meet
  bool store_is_up = false;  ///< the launcher itself keeps the meeting point (torchrun)
};

/// From the environment as torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), srun (SLURM_PROCID,
/// SLURM_NTASKS, SLURM_LOCALID) or mpirun (OMPI_COMM_WORLD_*; PMI_RANK, PMI_SIZE, MPI_LOCALRANKID) set it; srun and
/// mpirun want MASTER_ADDR and MASTER_PORT set too where there is more than one machine, and 127.0.0.1:29500 serves
/// otherwise. Nothing where no launcher ran or it started one process. Throws UsageError for half of it or no numbers.
std::optional<LaunchedAs> read_launch(const std::map<std::string, std::string>& environment);
/// The variables of this process.
std::map<std::string, std::string> environment_variables();

/// The ranks that `launch` tells of: over NCCL for a GPU (builds with it), over Gloo for the CPU. Waits for all of
/// them. Throws DataError naming what failed, after timeout_s at the latest; every later call does too when another
/// process is gone. GLOO_SOCKET_IFNAME and NCCL's own variables choose the network.
std::unique_ptr<Ranks> join_ranks(const LaunchedAs& launch, torch::Device device, const DistributedOptions& options);

}  // namespace skysense
