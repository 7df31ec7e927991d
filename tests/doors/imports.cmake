# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)

# Fails for a function that one of FILES imports and LIST does not name: the system that lacks it
# would refuse to load the file, with a message that nobody understands.
file(STRINGS ${LIST} lines REGEX "^[^#]")
set(allowed)
foreach(line IN LISTS lines)
    string(REGEX MATCH "^([^ ]+) +([^ ]+)" ignored "${line}")
    string(TOLOWER "${CMAKE_MATCH_1}" module)
    list(APPEND allowed ${module}!${CMAKE_MATCH_2})
endforeach()

set(found 0)
set(failed 0)
foreach(file IN LISTS FILES)
    execute_process(COMMAND ${OBJDUMP} -p ${file}
        OUTPUT_VARIABLE dump COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" dump "${dump}")
    set(module)
    foreach(line IN LISTS dump)
        if(line MATCHES "^[ \t]*DLL Name: (.*)$")
            string(TOLOWER "${CMAKE_MATCH_1}" module)
        elseif(module AND line MATCHES "^\t[0-9a-f]+\t +[0-9]+ +([A-Za-z_][A-Za-z0-9_]*)")
            math(EXPR found "${found} + 1")
            if(NOT "${module}!${CMAKE_MATCH_1}" IN_LIST allowed)
                message(SEND_ERROR "${file} imports ${CMAKE_MATCH_1} from ${module}")
                set(failed 1)
            endif()
        endif()
    endforeach()
endforeach()
# A dump that this script cannot read must not pass for one without imports.
if(found LESS 20)
    message(FATAL_ERROR "only ${found} imports were found")
endif()
if(NOT failed)
    message(STATUS "${found} imports, all of them known to NT 5.2")
endif()
