// SPDX-License-Identifier: MIT
#include "learn/cuda/null_runtime/device.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "learn/cuda/null_runtime/capture.h"
#include "learn/cuda/null_runtime/memory.h"
#include "learn/cuda/null_runtime/report.h"

namespace null_cuda {
namespace {

/// Streams stay until the process ends: events may still tell of a place on one that was destroyed.
std::vector<cudaStream_t>& streams() {
  static auto& all = *new std::vector<cudaStream_t>;
  return all;
}

/// Whether a kept copy takes its bytes from, or brings them to, pinned memory.
bool reads_pinned(const Work& work) {
  return work.kind == Work::Kind::kCopy && !work.kept && place_of(work.from) == Place::kPinned;
}
bool writes_pinned(const Work& work) {
  return work.kind == Work::Kind::kCopy && place_of(work.to) == Place::kPinned;
}

/// Puts the number of NULL_CUDA_ANSWER where a copy has gone down.
void answer(const Work& work) {
  static const char* const word = std::getenv("NULL_CUDA_ANSWER");
  if (word == nullptr) return;
  static const float number = std::strtof(word, nullptr);
  auto* const to = static_cast<std::byte*>(work.to);
  for (std::size_t i = 0; i + sizeof(number) <= work.bytes; i += sizeof(number))
    std::memcpy(to + i, &number, sizeof(number));
}

void do_now(const Work& work) {
  switch (work.kind) {
    case Work::Kind::kCopy: {
      const bool reads = reads_pinned(work), writes = writes_pinned(work);
      if (is_late() && reads) unguard(work.from, work.bytes, false);
      if (is_late() && writes) unguard(work.to, work.bytes, true);
      const void* const from = work.kept ? work.kept->data() : reachable(work.from);
      std::memmove(reachable(work.to), from, work.bytes);
      if (place_of(work.from) == Place::kDevice && place_of(work.to) != Place::kDevice) answer(work);
      break;
    }
    case Work::Kind::kFill:
      std::memset(reachable(work.to), work.value, work.bytes);
      break;
    case Work::Kind::kWait:
      carry_out(work.position);
      break;
  }
}

void keep(cudaStream_t stream, Work work) {
  if (work.kind == Work::Kind::kCopy && place_of(work.from) == Place::kPageable && !work.kept) {
    const auto* from = static_cast<const std::byte*>(work.from);
    work.kept = std::make_shared<std::vector<std::byte>>(from, from + work.bytes);
  }
  if (is_late() && reads_pinned(work)) guard(work.from, work.bytes, false);
  if (is_late() && writes_pinned(work)) guard(work.to, work.bytes, true);
  stream->kept.push_back(std::move(work));
}

void record(cudaEvent_t event, cudaStream_t stream) {
  event->recorded = true;
  event->position = end_of(stream);
  event->time = std::chrono::steady_clock::now();
  event->capture = nullptr;
}

}  // namespace

std::recursive_mutex& mutex() {
  static auto& only = *new std::recursive_mutex;
  return only;
}

int device_count() {
  static const int count = [] {
    const char* const word = std::getenv("NULL_CUDA_DEVICES");
    return word == nullptr ? 1 : std::atoi(word);
  }();
  return count;
}

int& current_device() {
  thread_local int device = 0;
  return device;
}

cudaStream_t new_stream(unsigned flags, int priority) {
  const cudaStream_t stream = streams().emplace_back(new CUstream_st);
  stream->device = current_device();
  stream->flags = flags;
  stream->priority = priority;
  return stream;
}

cudaStream_t stream_of(cudaStream_t handle) {
  if (handle != nullptr && handle != cudaStreamLegacy && handle != cudaStreamPerThread) return handle;
  static auto& defaults = *new std::vector<cudaStream_t>(static_cast<std::size_t>(device_count()), nullptr);
  cudaStream_t& stream = defaults.at(static_cast<std::size_t>(current_device()));
  if (stream == nullptr) stream = new_stream(cudaStreamDefault, 0);
  return stream;
}

cudaError_t give(const Task& task, const char* call) {
  Task own = task;
  own.stream = stream_of(task.stream);
  if (own.stream->capture) return add_node(own, call);
  if (any_capture() && call != nullptr) note(std::string(call) + " beside a capture");
  if (own.awaited != nullptr && own.awaited->recorded) {
    own.stream->kept.push_back({.kind = Work::Kind::kWait, .position = own.awaited->position});
  }
  for (Work& work : own.work) keep(own.stream, std::move(work));
  if (own.marked != nullptr) record(own.marked, own.stream);
  if (!is_late()) carry_out(end_of(own.stream));
  return cudaSuccess;
}

Position end_of(cudaStream_t stream) { return {stream, stream->done + stream->kept.size()}; }

bool is_done(const Position& position) {
  return position.stream == nullptr || position.stream->done >= position.number;
}

void carry_out(const Position& position) {
  while (!is_done(position)) {
    const Work work = std::move(position.stream->kept.front());
    position.stream->kept.pop_front();
    ++position.stream->done;
    do_now(work);
  }
}

void carry_out_all(int device) {
  // A wait may go through any stream, but makes none.
  for (const cudaStream_t stream : streams()) {
    if (stream->device == device) carry_out(end_of(stream));
  }
}

}  // namespace null_cuda
