# Installs a component of the build, then configures, builds and runs the consumer against it.
set(prefix ${BUILD}/installed_${COMPONENT})
set(work ${BUILD}/consumer_of_${COMPONENT})
file(REMOVE_RECURSE ${prefix} ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${result}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --component ${COMPONENT} --prefix ${prefix})
foreach(unwanted IN ITEMS doctest fanin_tests fanin_bench)
  file(GLOB_RECURSE found ${prefix}/*${unwanted}*)
  if(found)
    message(FATAL_ERROR "tests and benches are not for consumers: ${found}")
  endif()
endforeach()

set(cross "")
if(CROSSCOMPILING)
  set(cross -DCMAKE_SYSTEM_NAME=${SYSTEM} -DCMAKE_SYSTEM_PROCESSOR=${PROCESSOR})
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/consumer -B ${work} -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_BUILD_TYPE=${CONFIG}
  -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=BOTH ${cross})
run(${CMAKE_COMMAND} --build ${work})
run(${EMULATOR} ${work}/consumer)

find_program(pkg_config pkg-config)
if(pkg_config AND NOT CROSSCOMPILING)
  set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
  execute_process(COMMAND ${pkg_config} --cflags --libs --static fanin
    OUTPUT_VARIABLE options OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(options UNIX_COMMAND "${FLAGS} ${options}")
  run(${COMPILER} ${SOURCE}/consumer/main.cpp -o ${work}/by_pkg_config ${options} -Wl,-rpath,${prefix}/${LIBDIR})
  run(${work}/by_pkg_config)
endif()
