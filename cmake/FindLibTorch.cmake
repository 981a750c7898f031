# LibTorch from the torch wheel in SKYSENSE_VENV, as the imported target skysense_torch.
#
# Torch's own CMake package demands a CUDA toolkit for a CUDA wheel even when only the CPU part is used. The wheel's
# libtorch_cpu needs no more than two small runtime libraries, so we name the libraries ourselves: a CPU program
# then starts faster, installs smaller and links nothing of CUDA.
file(GLOB _torch_roots "${SKYSENSE_VENV}/lib/python3*/site-packages/torch")
if(NOT _torch_roots)
  message(FATAL_ERROR "No torch wheel in ${SKYSENSE_VENV}: run ./quickstart.sh or scripts/setup.sh, or set SKYSENSE_VENV")
endif()
list(GET _torch_roots 0 SKYSENSE_TORCH_ROOT)
get_filename_component(_site_packages "${SKYSENSE_TORCH_ROOT}" DIRECTORY)
set(SKYSENSE_TORCH_LIBRARY_DIR "${SKYSENSE_TORCH_ROOT}/lib")
file(GLOB SKYSENSE_NVIDIA_LIBRARY_DIRS "${_site_packages}/nvidia/*/lib")

set(_cuda ${SKYSENSE_CUDA})
if(_cuda STREQUAL "AUTO")
  if(EXISTS "${SKYSENSE_TORCH_LIBRARY_DIR}/libtorch_cuda.so" AND EXISTS /dev/nvidia0)
    set(_cuda ON)
  else()
    set(_cuda OFF)
  endif()
endif()
set(SKYSENSE_CUDA_ENABLED ${_cuda})
# Headers of NCCL and CUDA, which the wheels carry beside the libraries.
file(GLOB SKYSENSE_NCCL_INCLUDE_DIRS "${_site_packages}/nvidia/nccl/include" "${_site_packages}/nvidia/cu*/include"
     "${_site_packages}/nvidia/*/include")
if(NOT EXISTS "${_site_packages}/nvidia/nccl/include/nccl.h")
  set(SKYSENSE_NCCL_INCLUDE_DIRS "")
endif()

add_library(skysense_torch INTERFACE)
target_include_directories(skysense_torch SYSTEM INTERFACE "${SKYSENSE_TORCH_ROOT}/include" "${SKYSENSE_TORCH_ROOT}/include/torch/csrc/api/include")
# The wheel carries a newer fmt whose headers would shadow the system's, which spdlog was built with.
get_target_property(_fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
if(NOT _fmt_include)
  set(_fmt_include /usr/include)
endif()
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/system_include")
file(CREATE_LINK "${_fmt_include}/fmt" "${CMAKE_BINARY_DIR}/system_include/fmt" SYMBOLIC)
target_include_directories(skysense_torch BEFORE INTERFACE "${CMAKE_BINARY_DIR}/system_include")
target_compile_definitions(skysense_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_link_libraries(skysense_torch INTERFACE "${SKYSENSE_TORCH_LIBRARY_DIR}/libtorch_cpu.so" "${SKYSENSE_TORCH_LIBRARY_DIR}/libc10.so" Threads::Threads)
if(SKYSENSE_CUDA_ENABLED)
  # Nothing of ours refers to a CUDA symbol; the libraries register their kernels when they are loaded.
  target_link_libraries(skysense_torch INTERFACE -Wl,--no-as-needed "${SKYSENSE_TORCH_LIBRARY_DIR}/libtorch_cuda.so"
                        "${SKYSENSE_TORCH_LIBRARY_DIR}/libc10_cuda.so" -Wl,--as-needed)
endif()
# libtorch_cpu's own needs (libcudart, libcupti) are found through the run path of the programs.
target_link_options(skysense_torch INTERFACE -Wl,--allow-shlib-undefined)
set(CMAKE_BUILD_RPATH ${SKYSENSE_TORCH_LIBRARY_DIR} ${SKYSENSE_NVIDIA_LIBRARY_DIRS})
# DT_RPATH, unlike DT_RUNPATH, also serves the libraries that our libraries need.
add_link_options(-Wl,--disable-new-dtags)
message(STATUS "LibTorch: ${SKYSENSE_TORCH_ROOT} (CUDA ${SKYSENSE_CUDA_ENABLED})")

# The one precompiled header, reused by every target that includes torch.
file(WRITE "${CMAKE_BINARY_DIR}/pch.cc" "// Carries the precompiled header.\n")
add_library(skysense_pch OBJECT "${CMAKE_BINARY_DIR}/pch.cc")
target_link_libraries(skysense_pch PUBLIC skysense_torch)
target_precompile_headers(skysense_pch PRIVATE
  <torch/types.h> <torch/nn/module.h> <torch/nn/modules/linear.h> <torch/nn/modules/normalization.h>)
