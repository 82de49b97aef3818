# A kernel object must define one global symbol, its table. Any other, especially a weak one (an inline function), could
# be merged with that of another instruction set and run on a processor that lacks it.
execute_process(COMMAND ${NM} --defined-only --extern-only ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${symbols}" symbols)
string(REPLACE "\n" ";" symbols "${symbols}")
list(LENGTH symbols count)
if(NOT count EQUAL 1 OR NOT symbols MATCHES "kernels_${ISA}")
  message(FATAL_ERROR "expected one table in ${OBJECT}, found: ${symbols}")
endif()
