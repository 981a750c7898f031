# A relocatable tree: bin/skysense, lib/libskysense.so with its public header and CMake package, and the LibTorch
# libraries beside them. Everything finds its neighbours through $ORIGIN.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS skysense RUNTIME DESTINATION bin)
install(TARGETS libskysense EXPORT skysense LIBRARY DESTINATION lib)
install(DIRECTORY include/skysense DESTINATION include)
install(EXPORT skysense NAMESPACE skysense:: DESTINATION lib/cmake/skysense FILE skysenseConfig.cmake)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/skysenseConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/skysenseConfigVersion.cmake" DESTINATION lib/cmake/skysense)
if(SKYSENSE_RASTER AND EXISTS "${CMAKE_SOURCE_DIR}/recipes/downstream")  # skysense finetune --recipe NAME
  install(DIRECTORY recipes/downstream/ DESTINATION share/skysense/recipes FILES_MATCHING PATTERN "*.yaml")
endif()
install(FILES LICENSE DESTINATION share/doc/skysense)

# The wheel's libraries under the names that the loader asks for.
set(_wheel_libraries libtorch_cpu.so libc10.so libgomp.so.1 libcudart.so.13 libcupti.so.13)
if(SKYSENSE_CUDA_ENABLED)
  file(GLOB _all RELATIVE "${SKYSENSE_TORCH_LIBRARY_DIR}" "${SKYSENSE_TORCH_LIBRARY_DIR}/*.so*")
  list(FILTER _all EXCLUDE REGEX "python|libshm|global_deps")
  list(APPEND _wheel_libraries ${_all})
  foreach(folder IN LISTS SKYSENSE_NVIDIA_LIBRARY_DIRS)
    file(GLOB _all RELATIVE "${folder}" "${folder}/*.so*")
    list(APPEND _wheel_libraries ${_all})
  endforeach()
  list(REMOVE_DUPLICATES _wheel_libraries)
endif()
foreach(library IN LISTS _wheel_libraries)
  find_file(_path "${library}" PATHS "${SKYSENSE_TORCH_LIBRARY_DIR}" ${SKYSENSE_NVIDIA_LIBRARY_DIRS} NO_DEFAULT_PATH NO_CACHE)
  if(_path)
    file(REAL_PATH "${_path}" _real)
    install(FILES "${_real}" DESTINATION lib RENAME "${library}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
            GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  elseif(library STREQUAL "libtorch_cpu.so" OR library STREQUAL "libc10.so")
    message(FATAL_ERROR "${library} is not in ${SKYSENSE_TORCH_LIBRARY_DIR}")
  endif()
  unset(_path)
endforeach()
