// SPDX-License-Identifier: MIT
#include "run/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "run/record_file.h"
#include "run/tensorboard.pb.h"

namespace inknav::run {
namespace {

constexpr std::size_t kMaxEventBytes = std::size_t{1} << 30;
constexpr std::size_t kFlushBytes = std::size_t{1} << 16;
constexpr int kStringType = 7;
constexpr std::string_view kFilePrefix = "events.out.tfevents.";

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

base::Result<std::vector<std::filesystem::path>> event_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(directory, problem)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFilePrefix) && name.find(".tmp") == std::string::npos)
      files.push_back(entry.path());
  }
  if (problem) {
    return base::Error{base::ErrorCode::kData, directory.string() +
                                                   ": a folder of TensorBoard events was wanted, found: " +
                                                   problem.message() + "; check the model directory"};
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Rewrites one event file without the points at or beyond `step`.
base::Status drop_points_from(const std::filesystem::path& path, std::int64_t step) {
  INKNAV_ASSIGN_OR_RETURN(const std::string bytes, base::read_text_file(path, kMaxEventBytes));
  std::string kept;
  for (const std::string_view record : read_records(bytes)) {
    tensorboard::Event event;
    if (!event.ParseFromArray(record.data(), static_cast<int>(record.size()))) continue;
    if (event.has_summary() && event.step() >= step) continue;
    append_record(kept, record);
  }
  return kept == bytes ? base::ok_status() : base::write_text_atomic(path, kept);
}

}  // namespace

struct MetricsWriter::Impl {
  std::filesystem::path path;
  int fd = -1;
  std::string buffer;
  bool complained = false;

  ~Impl() {
    write_out();
    if (fd >= 0) ::close(fd);
  }

  void add(tensorboard::Event& event, std::int64_t step) {
    event.set_wall_time(wall_time());
    event.set_step(step);
    append_record(buffer, event.SerializeAsString());
    if (buffer.size() >= kFlushBytes) write_out();
  }

  /// Keeps what could not be written for the next flush.
  void write_out() {
    std::size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t count = ::write(fd, buffer.data() + done, buffer.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        if (!std::exchange(complained, true)) {
          base::log_warning("{}: metrics could not be written ({}); trying again later", path.string(),
                            std::generic_category().message(errno));
        }
        break;
      }
      done += static_cast<std::size_t>(count);
    }
    buffer.erase(0, done);
  }
};

MetricsWriter::MetricsWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsWriter::~MetricsWriter() = default;

base::Result<std::unique_ptr<MetricsWriter>> MetricsWriter::open(const std::filesystem::path& directory,
                                                                 std::optional<std::int64_t> resume_step) {
  std::error_code problem;
  std::filesystem::create_directories(directory, problem);
  if (problem) {
    return base::Error{base::ErrorCode::kDisk,
                       directory.string() + ": a folder for metrics was wanted, found: " + problem.message() +
                           "; choose another --model-dir"};
  }
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> files, event_files(directory));
  if (resume_step) {
    for (const std::filesystem::path& file : files)
      INKNAV_RETURN_IF_ERROR(drop_points_from(file, *resume_step));
  }
  auto impl = std::make_unique<Impl>();
  // The running number keeps file names in order when two runs start within a second.
  impl->path =
      directory / fmt::format("{}{:010.0f}.{:04d}.{}", kFilePrefix, wall_time(), files.size(), ::getpid());
  impl->fd = ::open(impl->path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (impl->fd < 0) {
    return base::Error{base::ErrorCode::kDisk,
                       impl->path.string() + ": a writable metrics file was wanted, found: " +
                           std::generic_category().message(errno) + "; check the folder"};
  }
  tensorboard::Event version;
  version.set_file_version("brain.Event:2");
  impl->add(version, 0);
  return std::unique_ptr<MetricsWriter>(new MetricsWriter(std::move(impl)));
}

void MetricsWriter::scalar(std::string_view tag, double value, std::int64_t step) {
  tensorboard::Event event;
  tensorboard::Summary::Value* entry = event.mutable_summary()->add_value();
  entry->set_tag(std::string(tag));
  entry->set_simple_value(static_cast<float>(value));
  impl_->add(event, step);
}

void MetricsWriter::image(std::string_view tag, std::span<const std::uint8_t> encoded, int width, int height,
                          std::int64_t step) {
  tensorboard::Event event;
  tensorboard::Summary::Value* entry = event.mutable_summary()->add_value();
  entry->set_tag(std::string(tag));
  tensorboard::Summary::Image* image = entry->mutable_image();
  image->set_width(width);
  image->set_height(height);
  image->set_colorspace(3);
  image->set_encoded_image_string(encoded.data(), encoded.size());
  impl_->add(event, step);
}

void MetricsWriter::text(std::string_view tag, std::string_view markdown, std::int64_t step) {
  tensorboard::Event event;
  tensorboard::Summary::Value* entry = event.mutable_summary()->add_value();
  entry->set_tag(std::string(tag));
  entry->mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  entry->mutable_tensor()->set_dtype(kStringType);
  entry->mutable_tensor()->mutable_tensor_shape()->add_dim()->set_size(1);
  entry->mutable_tensor()->add_string_val(std::string(markdown));
  impl_->add(event, step);
}

void MetricsWriter::flush() { impl_->write_out(); }

base::Result<std::vector<ScalarPoint>> read_scalars(const std::filesystem::path& directory) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> files, event_files(directory));
  std::vector<ScalarPoint> points;
  for (const std::filesystem::path& file : files) {
    INKNAV_ASSIGN_OR_RETURN(const std::string bytes, base::read_text_file(file, kMaxEventBytes));
    for (const std::string_view record : read_records(bytes)) {
      tensorboard::Event event;
      if (!event.ParseFromArray(record.data(), static_cast<int>(record.size()))) continue;
      for (const tensorboard::Summary::Value& value : event.summary().value()) {
        if (value.what_case() != tensorboard::Summary::Value::kSimpleValue) continue;
        points.push_back({value.tag(), event.step(), static_cast<double>(value.simple_value())});
      }
    }
  }
  return points;
}

}  // namespace inknav::run
