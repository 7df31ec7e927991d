# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)

# Compares the spec with the functions in LIBRARY: on 32-bit x86 the symbol has the size of the
# arguments by the C prototype, and the spec must come to the same, as nothing else would notice a
# difference but the program whose stack is wrong.
execute_process(COMMAND ${NM} ${LIBRARY} OUTPUT_VARIABLE dump ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " T [A-Za-z0-9_@]+" symbols "${dump}")

file(STRINGS ${SPEC} lines REGEX "^@")
set(count 0)
set(missing 0)
foreach(line IN LISTS lines)
    string(REGEX REPLACE "^.*\\(([^)]*)\\) *([A-Za-z0-9_]+)$" "\\1;\\2" parts "${line}")
    list(GET parts 0 types)
    list(GET parts 1 symbol)
    if(POINTER EQUAL 4)
        separate_arguments(types UNIX_COMMAND "${types}")
        list(LENGTH types bytes)
        math(EXPR bytes "4 * ${bytes}")
        set(symbol _${symbol}@${bytes})
    endif()
    if(NOT " T ${symbol}" IN_LIST symbols)
        message(NOTICE "${line}: there is no function ${symbol}")
        math(EXPR missing "${missing} + 1")
    endif()
    math(EXPR count "${count} + 1")
endforeach()
if(missing GREATER 0 OR count LESS 32)
    message(FATAL_ERROR "${missing} of ${count} exports are wrong")
endif()
