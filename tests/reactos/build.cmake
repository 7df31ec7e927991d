# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)

# Configures the pretend tree in FOLDER and builds it, with the launcher beside the DLL, and the DLL
# by the name that the launcher loads.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
        ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${output}")
    endif()
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR}/tree -B ${FOLDER} ${OPTIONS}
    -DWSEXT_FOLDER=${WSEXT_FOLDER} -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN} -DCMAKE_BUILD_TYPE=Debug)
run(${CMAKE_COMMAND} --build ${FOLDER})
run(${CMAKE_COMMAND} -E copy ${LAUNCHER} ${FOLDER}/wsext/src/wsext-run.exe)
run(${CMAKE_COMMAND} -E copy ${FOLDER}/wsext/src/mswsock.dll ${FOLDER}/wsext/src/wsext.dll)

file(STRINGS ${FOLDER}/cd.txt lines)
if(NOT lines STREQUAL "reactos/system32/mswsock for all;reactos/bin/mswsock_apitest for all")
    message(FATAL_ERROR "on ReactOS's disk: ${lines}")
endif()
