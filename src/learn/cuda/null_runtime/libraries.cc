// SPDX-License-Identifier: MIT
// What libtorch and InkNav ask of cuBLAS, cuDNN, NCCL, the driver and its management library, as far as an
// answer is needed to go on. The rest is generated (run): work on a handle's stream, or nothing.
#include <cublasLt.h>
#include <cublas_api.h>
#include <cudnn.h>
#include <nccl.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "learn/cuda/null_runtime/device.h"
#include "learn/cuda/null_runtime/memory.h"
#include "learn/cuda/null_runtime/report.h"

namespace null_cuda {
namespace {

constexpr std::size_t kWorkspace = 4096;

/// Handle of a library and any of its descriptors.
struct Object {
  cudaStream_t stream = nullptr;
  std::vector<int> sizes;               // of a tensor
  int cell = 0, input = 0, hidden = 0;  // of a recurrent network of one layer
  std::size_t bytes = 0;                // of each of its numbers
};

template <typename Handle>
void make(Handle* handle) {
  *handle = reinterpret_cast<Handle>(new Object);
}

Object& object(const void* handle) { return *static_cast<Object*>(const_cast<void*>(handle)); }

int gates(const Object& rnn) { return rnn.cell == CUDNN_LSTM ? 4 : 3; }

int work_on(cudaStream_t stream, const std::string& name) {
  const auto guard = lock();
  count("kernels");
  return give({.stream = stream}, name.c_str()) == cudaSuccess ? 0 : 1;
}

ncclResult_t sum_on(cudaStream_t stream, const char* name) {
  const auto guard = lock();
  note(name);
  return work_on(stream, name) == 0 ? ncclSuccess : ncclUnhandledCudaError;
}

}  // namespace
}  // namespace null_cuda

using namespace null_cuda;  // NOLINT: this file is the inside of those libraries

extern "C" {

/// Behind the generated functions.
int null_cuda_generated(const char* name, int result) {
  count(std::string("not here: ") + name);
  return result;
}
int null_cuda_generated_work(const char* name, const void* handle) {
  return work_on(object(handle).stream, name);
}

// cuBLAS.

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) { return make(handle), CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasDestroy_v2(cublasHandle_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  return object(handle).stream = stream, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t, void* room, std::size_t bytes) {
  if (bytes > 0 && place_of(room) != Place::kDevice)
    fault("cuBLAS gets a workspace that is not on the device");
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetPointerMode_v2(cublasHandle_t, cublasPointerMode_t* mode) {
  return *mode = CUBLAS_POINTER_MODE_HOST, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t, cublasPointerMode_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasGetMathMode(cublasHandle_t, cublasMath_t* mode) {
  return *mode = CUBLAS_DEFAULT_MATH, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }
std::size_t cublasLtGetVersion() { return 130100; }
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t, cudaDataType_t) {
  return make(made), CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType, std::uint64_t,
                                          std::uint64_t, std::int64_t) {
  return make(made), CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  return make(made), CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t,
                                              const void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t,
                                                const void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t,
                                                    cublasLtMatmulPreferenceAttributes_t, const void*,
                                                    std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int,
                                              cublasLtMatmulHeuristicResult_t* found, int* count) {
  found[0] = {};
  found[0].workspaceSize = kWorkspace;
  found[0].state = CUBLAS_STATUS_SUCCESS;
  return *count = 1, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t, const void*, const void*,
                              cublasLtMatrixLayout_t, const void*, cublasLtMatrixLayout_t, const void*,
                              const void*, cublasLtMatrixLayout_t, void*, cublasLtMatrixLayout_t,
                              const cublasLtMatmulAlgo_t*, void*, std::size_t, cudaStream_t stream) {
  return work_on(stream, "cublasLtMatmul") == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

// cuDNN. One engine for every convolution; recurrent networks with their weights in the order of cuDNN.

std::size_t cudnnGetVersion() { return CUDNN_VERSION; }
std::size_t cudnnGetCudartVersion() { return CUDART_VERSION; }
const char* cudnnGetErrorString(cudnnStatus_t) { return "an error of the null device"; }
void cudnnGetLastErrorString(char* text, std::size_t size) {
  if (size > 0) *text = 0;
}
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return make(handle), CUDNN_STATUS_SUCCESS; }
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return object(handle).stream = stream, CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* stream) {
  return *stream = object(handle).stream, CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t* made) {
  return make(made), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t wanted,
                                       std::int64_t* found, void* values) {
  const bool is_engine = name == CUDNN_ATTR_ENGINEHEUR_RESULTS, is_number = type == CUDNN_TYPE_INT64;
  if (found != nullptr) *found = is_engine || is_number ? 1 : 0;
  if (is_number && wanted > 0 && values != nullptr) {
    const std::int64_t number =
        name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE ? std::int64_t{kWorkspace} : 0;
    std::memcpy(values, &number, sizeof(number));
  }
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDropoutGetStatesSize(cudnnHandle_t, std::size_t* bytes) {
  return *bytes = kWorkspace, CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t rnn, cudnnRNNAlgo_t, cudnnRNNMode_t cell,
                                       cudnnRNNBiasMode_t, cudnnDirectionMode_t, cudnnRNNInputMode_t,
                                       cudnnDataType_t type, cudnnDataType_t, cudnnMathType_t,
                                       std::int32_t input, std::int32_t hidden, std::int32_t, std::int32_t,
                                       cudnnDropoutDescriptor_t, std::uint32_t) {
  Object& made = object(rnn);
  made.cell = cell;
  made.input = input;
  made.hidden = hidden;
  made.bytes = type == CUDNN_DATA_FLOAT ? 4 : 2;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t, cudnnRNNDescriptor_t, cudnnForwardMode_t,
                                        cudnnRNNDataDescriptor_t, std::size_t* workspace,
                                        std::size_t* reserve) {
  if (workspace != nullptr) *workspace = kWorkspace;
  if (reserve != nullptr) *reserve = kWorkspace;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t descriptor, std::size_t* bytes) {
  const Object& rnn = object(descriptor);
  const int numbers = gates(rnn) * rnn.hidden * (rnn.input + rnn.hidden + 2);
  return *bytes = rnn.bytes * static_cast<std::size_t>(numbers), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t descriptor, std::int32_t,
                                      std::size_t, const void* space, std::int32_t number,
                                      cudnnTensorDescriptor_t matrix, void** matrix_at,
                                      cudnnTensorDescriptor_t bias, void** bias_at) {
  const Object& rnn = object(descriptor);
  const int count = gates(rnn);
  const bool of_input = number < count;
  const auto at = [&](int index) {
    return static_cast<std::byte*>(const_cast<void*>(space)) + rnn.bytes * static_cast<std::size_t>(index);
  };
  if (matrix_at != nullptr) {
    const int before = of_input ? number * rnn.input : count * rnn.input + (number - count) * rnn.hidden;
    *matrix_at = at(before * rnn.hidden);
  }
  if (bias_at != nullptr) *bias_at = at((count * (rnn.input + rnn.hidden) + number) * rnn.hidden);
  if (bias != nullptr) object(bias).sizes = {1, rnn.hidden, 1};
  if (matrix == nullptr) return CUDNN_STATUS_SUCCESS;
  object(matrix).sizes = {1, rnn.hidden, of_input ? rnn.input : rnn.hidden};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t tensor, int, cudnnDataType_t* type,
                                         int* count, int sizes[], int strides[]) {
  const std::vector<int>& own = object(tensor).sizes;
  *type = CUDNN_DATA_FLOAT;
  *count = static_cast<int>(own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    sizes[i] = own[i];
    strides[i] = 1;
  }
  return CUDNN_STATUS_SUCCESS;
}

// NCCL: every rank is alone with its numbers.

ncclResult_t ncclGetVersion(int* version) { return *version = NCCL_VERSION_CODE, ncclSuccess; }
const char* ncclGetErrorString(ncclResult_t) { return "an error of the null device"; }
const char* ncclGetLastError(ncclComm_t) { return ""; }
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) { return *id = {}, ncclSuccess; }
ncclResult_t ncclCommInitRank(ncclComm_t* group, int, ncclUniqueId, int) { return make(group), ncclSuccess; }
ncclResult_t ncclCommInitRankConfig(ncclComm_t* group, int, ncclUniqueId, int, ncclConfig_t*) {
  return make(group), ncclSuccess;
}
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* error) {
  return *error = ncclSuccess, ncclSuccess;
}
ncclResult_t ncclAllReduce(const void* from, void* to, std::size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t,
                           cudaStream_t stream) {
  if (place_of(from) != Place::kDevice || place_of(to) != Place::kDevice)
    fault("NCCL gets memory of the host");
  return sum_on(stream, "ncclAllReduce");
}
ncclResult_t ncclBroadcast(const void*, void*, std::size_t, ncclDataType_t, int, ncclComm_t,
                           cudaStream_t stream) {
  return sum_on(stream, "ncclBroadcast");
}
ncclResult_t ncclAllGather(const void*, void*, std::size_t, ncclDataType_t, ncclComm_t, cudaStream_t stream) {
  return sum_on(stream, "ncclAllGather");
}

// The driver and its management library, as run/device_choice.h and run/gpu_status.h ask them.

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 13000, 0; }
int cuDeviceGetCount(int* count) { return *count = device_count(), 0; }
int cuDeviceGet(int* device, int index) { return *device = index, 0; }
int cuCtxGetCurrent(void** context) {
  static Object only;
  return *context = &only, 0;
}
int cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) { return *flags = 0, *active = 1, 0; }
int cuDeviceGetName(char* text, int size, int) {
  std::strncpy(text, "null device", static_cast<std::size_t>(size));
  return 0;
}
int cuDeviceTotalMem_v2(std::size_t* bytes, int) { return *bytes = device_bytes(), 0; }
int cuDeviceGetPCIBusId(char* text, int size, int device) {
  return cudaDeviceGetPCIBusId(text, size, device);
}
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char*, void** device) { return *device = nullptr, 0; }
int nvmlDeviceGetMemoryInfo(void*, std::array<unsigned long long, 3>* total_free_used) {
  *total_free_used = {device_bytes(), device_bytes(), 0};
  return 0;
}

}  // extern "C"
