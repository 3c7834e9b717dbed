// SPDX-License-Identifier: MIT
#pragma once
// The rules of stream capture, as NVIDIA's guide to CUDA graphs has them. What breaks one is a fault in the
// report, gets the error of the run time and spoils the capture, which cannot be ended well any more.

#include "learn/cuda/null_runtime/device.h"

namespace null_cuda {

cudaError_t begin_capture(cudaStream_t stream, cudaStreamCaptureMode mode);
/// Null where it fails.
cudaError_t end_capture(cudaStream_t stream, cudaGraph_t* graph);
/// The task becomes a node of the capture that its stream belongs to.
cudaError_t add_node(const Task& task, const char* call);
cudaError_t record_in_capture(cudaEvent_t event, cudaStream_t stream, bool is_external);
/// Also for a stream that joins a capture by waiting for one of its events.
cudaError_t wait_in_capture(cudaStream_t stream, cudaEvent_t event, bool is_external);
bool any_capture();

/// For calls that wait for a stream or ask about it: none may be part of a capture.
cudaError_t refuse_in_capture(cudaStream_t stream, const char* call);
cudaError_t refuse_in_capture(cudaEvent_t event, const char* call);
/// For calls that are unsafe while a capture goes on, by the modes of the capture and of the calling thread.
cudaError_t refuse_unsafe(const char* call);
cudaStreamCaptureMode& capture_mode();  // of the thread

}  // namespace null_cuda
