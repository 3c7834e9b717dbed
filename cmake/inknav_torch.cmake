# SPDX-License-Identifier: MIT
# inknav::torch, made from the unpacked torch wheel. Torch's own CMake package insists on a CUDA toolkit;
# the CPU half needs none, so the target is declared here.
set(INKNAV_DEPS "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "Folder with the unpacked wheels (see ./inknav setup)")
if(NOT EXISTS ${INKNAV_DEPS}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "libtorch is wanted in ${INKNAV_DEPS}/torch and is not there; run ./inknav setup, "
                      "or set -DINKNAV_DEPS to a folder with the unpacked torch wheel")
endif()
add_library(inknav_torch INTERFACE)
add_library(inknav::torch ALIAS inknav_torch)
# Searched last: the wheel brings its own copies of other libraries' headers (fmt 12 among them), which must not
# shadow the system's.
target_compile_options(inknav_torch INTERFACE
  "SHELL:-idirafter ${INKNAV_DEPS}/torch/include"
  "SHELL:-idirafter ${INKNAV_DEPS}/torch/include/torch/csrc/api/include")
target_compile_definitions(inknav_torch INTERFACE USE_C10D_GLOO USE_DISTRIBUTED)
target_link_libraries(inknav_torch INTERFACE
  ${INKNAV_DEPS}/torch/lib/libtorch_cpu.so ${INKNAV_DEPS}/torch/lib/libc10.so)
# Only the CPU half of libtorch's own dependencies is present at link time.
target_link_options(inknav_torch INTERFACE
  -Wl,--unresolved-symbols=ignore-in-shared-libs -Wl,-rpath,${INKNAV_DEPS}/torch/lib)
