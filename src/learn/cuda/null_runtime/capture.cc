// SPDX-License-Identifier: MIT
#include "learn/cuda/null_runtime/capture.h"

#include <algorithm>
#include <string>

#include "learn/cuda/null_runtime/memory.h"
#include "learn/cuda/null_runtime/report.h"

namespace null_cuda {
namespace {

/// Captures that go on, of all threads.
std::vector<std::shared_ptr<Capture>>& captures() {
  static auto& all = *new std::vector<std::shared_ptr<Capture>>;
  return all;
}

cudaError_t spoil(const std::shared_ptr<Capture>& capture, cudaError_t error, const std::string& why) {
  capture->invalid = true;
  fault(why + " in a capture");
  return error;
}

bool goes_on(const std::shared_ptr<Capture>& capture) {
  return std::find(captures().begin(), captures().end(), capture) != captures().end();
}

/// Whether every node leads to the last ones of the stream that began the capture.
bool is_joined(const Capture& capture, std::vector<std::size_t> open) {
  std::vector<bool> seen(capture.nodes.size(), false);
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (seen[node]) continue;
    seen[node] = true;
    open.insert(open.end(), capture.nodes[node].after.begin(), capture.nodes[node].after.end());
  }
  return std::find(seen.begin(), seen.end(), false) == seen.end();
}

}  // namespace

bool any_capture() { return !captures().empty(); }

cudaStreamCaptureMode& capture_mode() {
  thread_local cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  return mode;
}

cudaError_t begin_capture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  static unsigned long long captures_begun = 0;
  if (stream == stream_of(nullptr)) {
    fault("capture of the default stream");
    return cudaErrorStreamCaptureUnsupported;
  }
  if (stream->capture) return cudaErrorIllegalState;
  const auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->id = ++captures_begun;
  capture->streams.insert(stream);
  captures().push_back(capture);
  stream->capture = capture;
  stream->tips.clear();
  count("captures");
  return cudaSuccess;
}

cudaError_t end_capture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream->capture;
  if (!capture) return cudaErrorIllegalState;
  if (capture->origin != stream)
    return spoil(capture, cudaErrorStreamCaptureUnmatched, "an end on another stream");
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return spoil(capture, cudaErrorStreamCaptureWrongThread, "an end on another thread");
  cudaError_t result = capture->invalid ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
  if (result == cudaSuccess && !is_joined(*capture, stream->tips))
    result = spoil(capture, cudaErrorStreamCaptureUnjoined, "work that is not joined");
  for (const cudaStream_t part : capture->streams) {
    part->capture = nullptr;
    part->tips.clear();
  }
  std::erase(captures(), capture);
  if (result != cudaSuccess) {
    count("captures that failed");
    return result;
  }
  *graph = new CUgraph_st{capture->nodes};
  return cudaSuccess;
}

cudaError_t add_node(const Task& task, const char* call) {
  const cudaStream_t stream = task.stream;
  const std::shared_ptr<Capture> capture = stream->capture;
  if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
  for (const Work& work : task.work) {
    if (work.kind != Work::Kind::kCopy) continue;
    if (place_of(work.from) == Place::kPageable || place_of(work.to) == Place::kPageable)
      return spoil(capture, cudaErrorStreamCaptureUnsupported, std::string(call) + " of pageable memory");
  }
  capture->nodes.push_back({stream->tips, task.work, task.marked, task.awaited});
  stream->tips = {capture->nodes.size() - 1};
  count("nodes captured");
  return cudaSuccess;
}

cudaError_t record_in_capture(cudaEvent_t event, cudaStream_t stream, bool is_external) {
  if (is_external) return add_node({.stream = stream, .marked = event}, "cudaEventRecord");
  if (stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
  event->capture = stream->capture;
  event->tips = stream->tips;
  return cudaSuccess;
}

cudaError_t wait_in_capture(cudaStream_t stream, cudaEvent_t event, bool is_external) {
  if (stream->capture && stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (is_external) return add_node({.stream = stream, .awaited = event}, "cudaStreamWaitEvent");
  if (!stream->capture) {
    if (stream == stream_of(nullptr) && goes_on(event->capture))
      return spoil(event->capture, cudaErrorStreamCaptureImplicit, "a wait of the default stream for work");
    if (!goes_on(event->capture)) {
      fault("a wait for an event of a capture that has ended");
      return cudaErrorCapturedEvent;
    }
    stream->capture = event->capture;
    stream->capture->streams.insert(stream);
    stream->tips = event->tips;
    return cudaSuccess;
  }
  if (!event->capture) {
    if (!event->recorded) return cudaSuccess;
    return spoil(stream->capture, cudaErrorStreamCaptureIsolation, "a wait for an event from outside");
  }
  if (event->capture != stream->capture)
    return spoil(stream->capture, cudaErrorStreamCaptureMerge, "a wait for another capture");
  for (const std::size_t tip : event->tips) {
    if (std::find(stream->tips.begin(), stream->tips.end(), tip) == stream->tips.end())
      stream->tips.push_back(tip);
  }
  return cudaSuccess;
}

cudaError_t refuse_in_capture(cudaStream_t stream, const char* call) {
  if (!stream->capture) return cudaSuccess;
  return spoil(stream->capture, cudaErrorStreamCaptureUnsupported, call);
}

cudaError_t refuse_in_capture(cudaEvent_t event, const char* call) {
  if (!event->capture) return cudaSuccess;
  if (goes_on(event->capture)) return spoil(event->capture, cudaErrorCapturedEvent, call);
  fault(std::string(call) + " of an event of a capture that has ended");
  return cudaErrorCapturedEvent;
}

cudaError_t refuse_unsafe(const char* call) {
  if (capture_mode() == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  for (const std::shared_ptr<Capture>& capture : captures()) {
    const bool is_own = capture->thread == std::this_thread::get_id();
    const bool forbids = capture->mode == cudaStreamCaptureModeGlobal
                             ? is_own || capture_mode() == cudaStreamCaptureModeGlobal
                             : is_own && capture->mode == cudaStreamCaptureModeThreadLocal;
    if (forbids) return spoil(capture, cudaErrorStreamCaptureUnsupported, call);
  }
  return cudaSuccess;
}

}  // namespace null_cuda
