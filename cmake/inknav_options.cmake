# SPDX-License-Identifier: MIT
# Language, warnings and sanitizers for our own code, as one interface target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "g++ 12 or newer is wanted (C++20), ${CMAKE_CXX_COMPILER} is ${CMAKE_CXX_COMPILER_VERSION}; "
                      "install a newer one and set CXX to it")
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(INKNAV_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=, e.g. address,undefined or thread")
option(INKNAV_COVERAGE "Instrument for gcov" OFF)

find_program(INKNAV_CCACHE ccache)
if(INKNAV_CCACHE)
  # Paths below the source folder are hashed relative to it, so that another clone or work tree finds what this one
  # compiled; the sloppiness is what ccache's manual wants for precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_ctime,include_file_mtime ${INKNAV_CCACHE})
endif()
find_program(INKNAV_MOLD mold)
if(INKNAV_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(inknav_options INTERFACE)
target_include_directories(inknav_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
# x86-64-v3 (AVX2, FMA) is every desktop and server CPU since 2013 (Intel) and 2015 (AMD).
# Contraction into FMA is off so that a result does not depend on how a loop was vectorised.
target_compile_options(inknav_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Werror
  -march=x86-64-v3 -ffp-contract=off
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache needs to see which precompiled header a unit uses
if(INKNAV_SANITIZE)
  # The instrumentation makes g++ report uninitialised reads that are not there (GCC manual, -fsanitize=address);
  # real ones still show in the plain builds.
  target_compile_options(inknav_options INTERFACE -fsanitize=${INKNAV_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(inknav_options INTERFACE -fsanitize=${INKNAV_SANITIZE})
endif()
if(INKNAV_COVERAGE)
  target_compile_options(inknav_options INTERFACE --coverage)
  target_link_options(inknav_options INTERFACE --coverage)
endif()
find_package(Threads REQUIRED)
target_link_libraries(inknav_options INTERFACE Threads::Threads)
