# Compiles for macOS on any system, with the clang, headers and linker of PyPI's ziglang, whose python-zig is in PATH:
# see the presets macos-arm64 and macos-x86_64.
set(CMAKE_SYSTEM_NAME Darwin)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CMAKE_SYSTEM_PROCESSOR)
find_program(zig NAMES zig python-zig REQUIRED)
string(REPLACE "arm64" "aarch64" architecture "${CMAKE_SYSTEM_PROCESSOR}")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # before it links for the first time, zig compiles libc++ for a minute

# the oldest macOS with std::to_chars of double
set(CMAKE_CXX_COMPILER ${zig} c++ -target ${architecture}-macos.13.3)
foreach(tool IN ITEMS ar ranlib)
  set(script ${CMAKE_BINARY_DIR}/zig-${tool})
  file(WRITE ${script} "#!/bin/sh\nexec '${zig}' ${tool} \"$@\"\n")
  file(CHMOD ${script} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endforeach()
set(CMAKE_AR ${CMAKE_BINARY_DIR}/zig-ar)
set(CMAKE_RANLIB ${CMAKE_BINARY_DIR}/zig-ranlib)
set(CMAKE_INSTALL_NAME_TOOL true)  # required, but only for installing
