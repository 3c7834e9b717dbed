# SPDX-License-Identifier: MIT
# inknav::opencv: OpenCV's core and imgproc. Debian's packages of the single modules ship no CMake
# configuration, so the target is declared here.
include_guard(GLOBAL)
find_path(INKNAV_OPENCV_INCLUDE opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(INKNAV_OPENCV_CORE opencv_core)
find_library(INKNAV_OPENCV_IMGPROC opencv_imgproc)
if(NOT INKNAV_OPENCV_INCLUDE OR NOT INKNAV_OPENCV_CORE OR NOT INKNAV_OPENCV_IMGPROC)
  message(FATAL_ERROR "OpenCV core and imgproc are wanted and were not found; "
                      "install libopencv-core-dev and libopencv-imgproc-dev, or run ./inknav setup")
endif()
add_library(inknav_opencv INTERFACE)
add_library(inknav::opencv ALIAS inknav_opencv)
target_include_directories(inknav_opencv SYSTEM INTERFACE ${INKNAV_OPENCV_INCLUDE})
target_link_libraries(inknav_opencv INTERFACE ${INKNAV_OPENCV_IMGPROC} ${INKNAV_OPENCV_CORE})
