# The only list of instruction sets, best first: fanin_isas, and the compiler flags of each in fanin_flags_<name>.
# A new one needs a row here, its detection in src/registry.cpp and its branch in kernels/simd.hpp.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(fanin_isas avx512 avx2 baseline)
  set(fanin_flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512)
  set(fanin_flags_avx2 -mavx2 -mfma)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(fanin_isas neon)
else()
  set(fanin_isas baseline)
endif()
