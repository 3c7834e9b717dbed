# SPDX-License-Identifier: MIT
# inknav_module(NAME [DEPENDS module...] [LIBRARIES target...] [PRIVATE_LIBRARIES target...] [PCH header...])
#
# One folder under src/ = one static library. Every *.cc below the folder belongs to it, except
# *_test.cc (together one test program, inknav_NAME_test), *_bench.cc, main.cc and null_runtime/ (tools/null_cuda builds it).
# DEPENDS are modules of ours, recorded in build/edges.txt for tools/check_layers;
# LIBRARIES are outside libraries; PCH are headers to compile once for the module and its tests.
# Every *.h gets a translation unit of its own, built by the target header_check: it must compile alone.
find_package(GTest REQUIRED)

file(WRITE ${CMAKE_BINARY_DIR}/edges.txt "")

add_custom_target(header_check)

function(inknav_header_check NAME PCH PRIVATE_LIBRARIES)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  list(FILTER headers EXCLUDE REGEX "/null_runtime/")
  set(units "")
  foreach(header IN LISTS headers)
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/src ${header})
    set(unit ${CMAKE_BINARY_DIR}/header_check/${name}.cc)
    # Twice, so that a missing #pragma once shows.
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${name}\"\n#include \"${name}\"\n")
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(inknav_${NAME}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    target_link_libraries(inknav_${NAME}_headers PRIVATE inknav_${NAME} ${PRIVATE_LIBRARIES})
    if(PCH)
      target_precompile_headers(inknav_${NAME}_headers REUSE_FROM inknav_${NAME})
    endif()
    add_dependencies(header_check inknav_${NAME}_headers)
  endif()
endfunction()

function(inknav_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES;PCH" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|/main|/null_runtime/[^/]*)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(library inknav_${NAME})
  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${library} ${scope} inknav_options ${ARG_LIBRARIES})
  if(ARG_PRIVATE_LIBRARIES AND sources)
    target_link_libraries(${library} PRIVATE ${ARG_PRIVATE_LIBRARIES})
  endif()
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(${library} ${scope} inknav_${dependency})
    file(APPEND ${CMAKE_BINARY_DIR}/edges.txt "${NAME} ${dependency}\n")
  endforeach()
  set(pch OFF)
  if(ARG_PCH AND sources)
    set(pch ON)
    target_precompile_headers(${library} PRIVATE ${ARG_PCH})
  endif()
  inknav_header_check(${NAME} ${pch} "${ARG_PRIVATE_LIBRARIES}")

  if(tests)
    add_executable(${library}_test ${tests})
    target_link_libraries(${library}_test PRIVATE ${library} ${ARG_PRIVATE_LIBRARIES} GTest::gtest GTest::gtest_main)
    if(pch)
      target_precompile_headers(${library}_test REUSE_FROM ${library})
      target_compile_options(${library}_test PRIVATE -fPIC)  # a precompiled header holds for one code model
    endif()
    add_test(NAME ${NAME} COMMAND ${library}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 1200)
  endif()
endfunction()
