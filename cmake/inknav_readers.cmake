# SPDX-License-Identifier: MIT
# inknav_readers_asan_test: the readers of untrusted files and their bad-input tests under AddressSanitizer and
# UBSan, in every build. The preset asan sanitizes everything and takes long; this is the part in which a stranger's
# bytes of scenes, pictures, drawings, lists, demonstrations and configurations are touched, about 110 small units. Not
# made where the whole build is sanitized already.
#
# The sources are compiled a second time into a library of their own; whatever the tests do not need of a module is
# left out by the linker.
if(INKNAV_SANITIZE)
  return()
endif()
include(inknav_opencv)
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PNG REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(glm REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(tinyobjloader REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

set(root ${CMAKE_CURRENT_SOURCE_DIR})
file(GLOB sources CONFIGURE_DEPENDS ${root}/base/*.cc ${root}/config/*.cc ${root}/scene/*.cc ${root}/nav/*.cc)
foreach(name IN ITEMS correspondence correspondence_json drawing drawing_file json_fields stroke_book)
  list(APPEND sources ${root}/sketch/${name}.cc)
endforeach()
foreach(name IN ITEMS demonstration demonstration_file demonstration_json depth_code episode episode_fields episode_list
                      episode_reader inflate_stream json_stream json_text json_value habitat/ground_truth
                      habitat/habitat_dataset habitat/read_dataset habitat/row_fields habitat/write_dataset scene_resolver)
  list(APPEND sources ${root}/task/${name}.cc)
endforeach()
list(FILTER sources EXCLUDE REGEX "(_test|_bench)\\.cc$")
set(tests ${root}/task/habitat/bad_input_test.cc ${root}/nav/navmesh_file_bad_input_test.cc
  ${root}/scene/basis_texture_test.cc ${root}/scene/gltf_draco_test.cc ${root}/scene/semantic_scene_test.cc
  ${root}/scene/scene_dataset_test.cc)
foreach(module IN ITEMS config scene sketch task)
  list(APPEND tests ${root}/${module}/readers_bad_input_test.cc)
endforeach()

add_library(inknav_readers_asan STATIC ${sources})
target_include_directories(inknav_readers_asan SYSTEM PUBLIC ${RECAST_INCLUDE_DIR})
target_link_libraries(inknav_readers_asan PUBLIC inknav_options GTest::gtest
  spdlog::spdlog glm::glm OpenSSL::Crypto PkgConfig::XXHASH ${CMAKE_DL_LIBS} yaml-cpp PNG::PNG PkgConfig::TURBOJPEG
  nlohmann_json::nlohmann_json tinyobjloader::tinyobjloader inknav::opencv ${RECAST_LIBRARY} ${DETOUR_LIBRARY}
  ZLIB::ZLIB PkgConfig::ZSTD simdjson::simdjson ${INKNAV_DRACO})
# -O1: half the time of -O3 to compile. Uninitialised reads that g++ reports then are not there (inknav_options).
target_compile_options(inknav_readers_asan PUBLIC -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
  -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
target_link_options(inknav_readers_asan PUBLIC -fsanitize=address,undefined)
add_executable(inknav_readers_asan_test ${tests})
target_link_libraries(inknav_readers_asan_test PRIVATE inknav_readers_asan GTest::gtest_main)
# Where tools/run_tests.py looks for test programs.
set_target_properties(inknav_readers_asan_test PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/src/readers_asan)
add_test(NAME readers_asan COMMAND inknav_readers_asan_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(readers_asan PROPERTIES TIMEOUT 1200)
