# SPDX-License-Identifier: MIT
# inknav_cuda_plugin(TARGET SOURCE...): a shared library of CUDA sources, in the root of the build folder.
#
# nvcc is called directly, object by object: its host compiler needs none of the flags of inknav_options but the one
# that keeps results equal, and no GPU, driver or CUDA language support in CMake is needed. The CUDA run time is
# linked statically, so that the library loads wherever a driver is. Without an nvcc that can compile for our targets
# with our host compiler nothing is built and one line says so.
# -fmad=false: only contractions that the sources spell out (base/host_device.h).
# 20012: glm marks its defaulted functions, which nvcc reports as superfluous.
find_program(INKNAV_NVCC nvcc PATHS /usr/local/cuda/bin DOC "CUDA compiler, for libinknav_cuda.so")

# Whether nvcc compiles a C++20 source for our targets; asked once a build folder and nvcc.
function(inknav_check_nvcc)
  if(DEFINED INKNAV_NVCC_CHECKED AND INKNAV_NVCC_CHECKED STREQUAL INKNAV_NVCC)
    return()
  endif()
  set(source ${CMAKE_BINARY_DIR}/CMakeFiles/nvcc_check.cu)
  file(WRITE ${source} "#include <bit>\n__global__ void check(int* out) { *out = static_cast<int>(sizeof(std::endian)); }\n")
  execute_process(COMMAND ${INKNAV_NVCC} -std=c++20 ${ARGN} -ccbin ${CMAKE_CXX_COMPILER} -c ${source} -o ${source}.o
                  RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
  if(result EQUAL 0)
    set(works ON)
  else()
    set(works OFF)
  endif()
  set(INKNAV_NVCC_WORKS ${works} CACHE INTERNAL "nvcc compiles for our targets")
  set(INKNAV_NVCC_CHECKED ${INKNAV_NVCC} CACHE INTERNAL "the nvcc that was tried")
endfunction()

function(inknav_cuda_plugin TARGET)
  if(NOT INKNAV_NVCC)
    message(STATUS "${TARGET}: nvcc was not found, the CUDA renderer is not built")
    return()
  endif()
  set(targets -gencode arch=compute_80,code=sm_80 -gencode "arch=compute_90,code=[sm_90,compute_90]")
  inknav_check_nvcc(${targets})
  if(NOT INKNAV_NVCC_WORKS)
    message(STATUS "${TARGET}: ${INKNAV_NVCC} does not compile C++20 for sm_80 and sm_90 with ${CMAKE_CXX_COMPILER}, "
                   "the CUDA renderer is not built; CUDA toolkit 13 does with g++ 12")
    return()
  endif()
  set(flags -std=c++20 -O3 -DNDEBUG -fmad=false -diag-suppress 20012 -Werror all-warnings -I${CMAKE_SOURCE_DIR}/src
      -ccbin ${CMAKE_CXX_COMPILER}
      -Xcompiler -fPIC,-O2,-Wall,-Wextra,-Werror,-ffp-contract=off,-fvisibility=hidden,-fvisibility-inlines-hidden)
  set(objects "")
  foreach(source IN LISTS ARGN)
    get_filename_component(name ${source} NAME)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${TARGET}/${name}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/${TARGET}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${INKNAV_NVCC} ${flags} ${targets} -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
      MAIN_DEPENDENCY ${source}
      DEPFILE ${object}.d
      COMMENT "Building CUDA object ${name}.o"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(library ${CMAKE_BINARY_DIR}/lib${TARGET}.so)
  add_custom_command(
    OUTPUT ${library}
    COMMAND ${INKNAV_NVCC} -shared -cudart static -ccbin ${CMAKE_CXX_COMPILER} ${targets} ${objects} -o ${library}
    DEPENDS ${objects}
    COMMENT "Linking lib${TARGET}.so"
    VERBATIM)
  add_custom_target(${TARGET} ALL DEPENDS ${library})
endfunction()
