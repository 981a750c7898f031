#include "data/tensor_shards.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "data/place_tensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOpenFiles = 256;  // of a process, which may have a thousand

/// A tar open for reading at any offset by any thread.
class TarFile {
 public:
  explicit TarFile(const fs::path& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw DataError(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  }
  ~TarFile() { ::close(fd_); }
  TarFile(const TarFile&) = delete;
  TarFile& operator=(const TarFile&) = delete;

  /// The member's bytes, as they were written.
  std::string read(const ShardMember& member) const {
    std::string bytes(static_cast<size_t>(member.bytes), '\0');
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got =
          ::pread(fd_, bytes.data() + done, bytes.size() - done, member.offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(member, std::strerror(errno));
      if (got == 0) fail(member, fmt::format("cut short after {} of {} bytes", done, bytes.size()));
      done += static_cast<size_t>(got);
    }
    if (crc32_of(bytes) != member.crc32) fail(member, "its checksum differs; copy the shard again");
    return bytes;
  }

 private:
  [[noreturn]] void fail(const ShardMember& member, const std::string& why) const {
    throw DataError(fmt::format("{}: member {} is damaged: {}", path_.string(), member.name, why));
  }

  const fs::path path_;
  const int fd_;
};

struct Shard {
  fs::path tar;
  std::vector<ShardMember> members;
  int64_t first_place = 0;  // number of the first member's place in this data set
};

}  // namespace

struct TensorShards::Impl {
  SensorContracts contracts;
  std::vector<std::string> label_names;
  std::vector<Shard> shards;
  int64_t places = 0;

  PlaceSample get(int64_t number, const PartRequest& request) {
    if (number < 0 || number >= places)
      throw std::out_of_range(fmt::format("TensorShards: place {} of {}", number, places));
    const auto next = std::upper_bound(shards.begin(), shards.end(), number,
                                       [](int64_t place, const Shard& shard) { return place < shard.first_place; });
    const auto shard = static_cast<size_t>(next - shards.begin()) - 1;
    const ShardMember& member = shards[shard].members[static_cast<size_t>(number - shards[shard].first_place)];
    const std::string bytes = open(shard)->read(member);
    return parse_place_tensors(std::as_bytes(std::span(bytes)), contracts, request,
                               fmt::format("{}: member {}", shards[shard].tar.string(), member.name));
  }

 private:
  std::shared_ptr<TarFile> open(size_t shard) {
    const std::lock_guard lock(mutex_);
    files_.resize(shards.size());
    if (files_[shard] == nullptr) {
      files_[shard] = std::make_shared<TarFile>(shards[shard].tar);
      opened_.push_back(shard);
      if (opened_.size() > kOpenFiles) {
        files_[opened_.front()].reset();  // who reads from it just now keeps it open
        opened_.pop_front();
      }
    }
    return files_[shard];
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<TarFile>> files_;
  std::deque<size_t> opened_;
};

bool TensorShards::is_one(const fs::path& folder) {
  const fs::path list = folder / kShardListName;
  return fs::exists(list) && parse_shard_list(read_text_file(list), list.string()).kind == ShardKind::kTensors;
}

TensorShards::TensorShards(const fs::path& folder) : impl_(std::make_unique<Impl>()) {
  const fs::path list_file = folder / kShardListName;
  const ShardList list = parse_shard_list(read_text_file(list_file), list_file.string());
  if (list.kind != ShardKind::kTensors)
    throw DataError(
        fmt::format("{}: lists {} shards, expected tensors", list_file.string(), shard_kind_name(list.kind)));
  impl_->contracts = read_contracts(folder);
  impl_->label_names = read_class_names(folder / kLabelClassesFile);
  for (const ShardEntry& entry : list.shards) {
    const fs::path file = folder / sidecar_name(entry.tar);
    ShardSidecar sidecar = parse_sidecar(read_text_file(file), file.string());
    if (static_cast<int64_t>(sidecar.members.size()) != entry.places || sidecar.kind != list.kind)
      throw DataError(fmt::format("{}: is not the sidecar that shards.json lists: {} members, expected {}",
                                  file.string(), sidecar.members.size(), entry.places));
    if (sidecar.members.empty()) continue;
    impl_->shards.push_back({folder / entry.tar, std::move(sidecar.members), impl_->places});
    impl_->places += entry.places;
  }
}

TensorShards::~TensorShards() = default;

int64_t TensorShards::size() const { return impl_->places; }
PlaceSample TensorShards::get(int64_t number) const { return impl_->get(number, {.choose = {}, .label = true}); }
PlaceSample TensorShards::get_part(int64_t number, const PartRequest& request) const {
  return impl_->get(number, request);
}
const SensorContracts& TensorShards::contracts() const { return impl_->contracts; }
std::vector<std::string> TensorShards::label_names() const { return impl_->label_names; }

void add_tensor_place(const PlaceDataset& places, ShardWriter& writer) {
  const int64_t number = writer.next_place();
  std::string id, bytes;
  try {
    const PlaceSample place = places.get(number);
    id = place.id;
    bytes = serialise_place(place, places.contracts());
  } catch (const DataError& error) {
    spdlog::warn("place {} is left out: {}", number, error.what());
    writer.leave_out({std::to_string(number), error.what()});
    return;
  }
  writer.begin_place(static_cast<int64_t>(bytes.size()));
  writer.add({place_member_prefix(number, id) + ".safetensors", static_cast<int64_t>(bytes.size()),
              [&](const auto& write) { write(bytes); }});
  writer.end_place("");
}

}  // namespace skysense
