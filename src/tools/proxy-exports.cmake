# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)

# Writes DEF, with which the forwarding ws2_32.dll is linked, and HEADER, the same list for its
# sources. The list is what REAL, a ws2_32.dll, exports, and after that the names in LIBRARY, the
# SDK's import library, so that a system newer than REAL loses nothing.
#
# The ordinals are those by which Winsock 1.1 and 2 programs link: up to 117, 151 and 500. The others
# differ from one version of Wine to the next, so nobody can link by them.
set(names)
set(ordinals)
set(entries)

execute_process(COMMAND ${OBJDUMP} -p ${REAL} OUTPUT_VARIABLE dump COMMAND_ERROR_IS_FATAL ANY)
if(NOT dump MATCHES "Ordinal Base[ \t]+([0-9]+)")
    message(FATAL_ERROR "${REAL}: no ordinal base")
endif()
set(base ${CMAKE_MATCH_1})
string(REGEX REPLACE "^.*\\[Ordinal/Name Pointer\\] Table([^\n]*)\n" "" table "${dump}")
string(REGEX MATCHALL "\t\\[ *[0-9]+\\][^\n]* [A-Za-z_][A-Za-z0-9_]*" lines "${table}")
foreach(line IN LISTS lines)
    string(REGEX MATCH "^\t\\[ *([0-9]+)\\].* ([A-Za-z0-9_]+)$" ignored "${line}")
    math(EXPR ordinal "${CMAKE_MATCH_1} + ${base}")
    list(APPEND names ${CMAKE_MATCH_2})
    if(ordinal GREATER 117 AND NOT ordinal EQUAL 151 AND NOT ordinal EQUAL 500)
        set(ordinal 0)
    endif()
    list(APPEND entries ${CMAKE_MATCH_2}@${ordinal})
endforeach()
list(LENGTH entries count)
# A dump that this script cannot read must not pass for a DLL with few exports.
if(count LESS 100)
    message(FATAL_ERROR "${REAL}: only ${count} exports were found")
endif()

# 32-bit names have an underscore more and the size of their arguments behind them.
execute_process(COMMAND ${NM} ${LIBRARY} OUTPUT_VARIABLE dump ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "I __imp_[^\n]+" lines "${dump}")
foreach(line IN LISTS lines)
    string(REGEX REPLACE "^I __imp_" "" name "${line}")
    if(name MATCHES "^_(.*)@[0-9]+$")
        set(name ${CMAKE_MATCH_1})
    endif()
    if(NOT name IN_LIST names)
        list(APPEND names ${name})
        list(APPEND entries ${name}@0)
    endif()
endforeach()

set(def "LIBRARY ws2_32.dll\nEXPORTS\n    wsext_real_ws2_32 = proxy_real PRIVATE\n")
string(APPEND def "    wsext_ws2_32_table = proxy_table DATA PRIVATE\n")
set(list "")
set(index 0)
foreach(entry IN LISTS entries)
    string(REPLACE "@" ";" entry ${entry})
    list(GET entry 0 name)
    list(GET entry 1 ordinal)
    set(place "")
    if(NOT ordinal EQUAL 0)
        set(place " @${ordinal}")
    endif()
    string(APPEND def "    ${name} = proxy_thunk_${index}${place}\n")
    string(APPEND list " \\\n    X(${ordinal}, ${name})")
    math(EXPR index "${index} + 1")
endforeach()
file(CONFIGURE OUTPUT ${DEF} CONTENT "${def}" @ONLY)
file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT
    "#define PROXY_COUNT ${index}\n#define PROXY_EXPORTS(X)${list}\n")
