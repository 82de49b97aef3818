# Installs the library, its headers, and files for find_package and pkg-config. In a wheel all of it is in the package's
# folder, which fanin.get_cmake_dir() returns.
include(CMakePackageConfigHelpers)

function(fanin_install target exported component)
  install(TARGETS ${target} EXPORT ${exported}
    ARCHIVE DESTINATION ${FANIN_INSTALL_LIBDIR} COMPONENT ${component}
    LIBRARY DESTINATION ${FANIN_INSTALL_LIBDIR} COMPONENT ${component}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
  install(EXPORT ${exported} NAMESPACE fanin:: FILE ${exported}.cmake
    DESTINATION ${FANIN_INSTALL_CMAKEDIR} COMPONENT ${component})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/cpp/include/fanin
    DESTINATION ${FANIN_INSTALL_INCLUDEDIR} COMPONENT ${component})

  # users of a static library must link what it needs, even if pkg-config is not called with --static
  set(fanin_needs_openmp OFF)
  set(fanin_needs_threads OFF)
  set(fanin_needed_libraries "")
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    set(fanin_needs_threads ON)
    set(fanin_needs_openmp ${OpenMP_CXX_FOUND})
    set(fanin_needed_libraries "${CMAKE_THREAD_LIBS_INIT} ${OpenMP_CXX_FLAGS}")
  endif()
  set(files ${PROJECT_BINARY_DIR}/install/${component})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cpp/cmake/fanin-config.cmake.in ${files}/fanin-config.cmake
    INSTALL_DESTINATION ${FANIN_INSTALL_CMAKEDIR})
  # until 1.0 a minor version may change the API
  write_basic_package_version_file(${files}/fanin-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${files}/fanin-config.cmake ${files}/fanin-config-version.cmake
    DESTINATION ${FANIN_INSTALL_CMAKEDIR} COMPONENT ${component})
  if(NOT DEFINED SKBUILD)
    configure_file(${PROJECT_SOURCE_DIR}/cpp/cmake/fanin.pc.in ${files}/fanin.pc @ONLY)
    install(FILES ${files}/fanin.pc DESTINATION ${FANIN_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
  endif()
endfunction()

fanin_install(fanin fanin-targets ${FANIN_INSTALL_COMPONENT})
if(FANIN_BUILD_TESTS)
  fanin_install(fanin_shared fanin-shared-targets cpp_shared)
endif()
