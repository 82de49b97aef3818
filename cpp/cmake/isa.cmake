# The only list of instruction sets: fanin_isas, best first, with the compiler flags of each in fanin_flags_<name>.
# A new one needs a row here, detection in src/base/registry.cpp and a branch in kernels/simd.hpp.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(fanin_isas avx512 avx2 baseline)
  set(fanin_flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512)
  set(fanin_flags_avx2 -mavx2 -mfma)
  set(fanin_flags_baseline $<$<CONFIG:Release>:-O2>)  # its time is spent in calls of fma, which -O3 only unrolls
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(fanin_isas neon)
else()
  set(fanin_isas baseline)
endif()

set(FANIN_ISAS "" CACHE STRING "Instruction sets to build, from ${fanin_isas}; all if empty")
foreach(isa IN LISTS FANIN_ISAS)
  if(NOT isa IN_LIST fanin_isas)
    message(FATAL_ERROR "FANIN_ISAS: expected instruction sets from ${fanin_isas}, got ${isa}")
  endif()
endforeach()
if(FANIN_ISAS)
  set(fanin_isas ${FANIN_ISAS})
endif()
