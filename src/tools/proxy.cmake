# SPDX-License-Identifier: MIT

# The forwarding ws2_32.dll. Its exports are read off a real one, so it is built only where there is
# one to read: Wine's, of the same processor or else of the other, which has the same list.
set(wine_folders)
foreach(machine x86_64-linux-gnu/wine/x86_64 i386-linux-gnu/wine/i386 wine/x86_64 wine/i386)
    list(APPEND wine_folders /usr/lib/${machine}-windows)
endforeach()
foreach(root /usr/lib /usr/lib64 /opt/wine-stable/lib64 /opt/wine-stable/lib)
    list(APPEND wine_folders ${root}/wine/x86_64-windows ${root}/wine/i386-windows)
endforeach()
find_file(WSEXT_WS2_32 ws2_32.dll PATHS ${wine_folders} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
    DOC "A ws2_32.dll whose exports the forwarding one gets")
find_library(WSEXT_WS2_32_LIBRARY ws2_32)
# The 32-bit one cannot read a 64-bit DLL.
find_program(WSEXT_OBJDUMP NAMES x86_64-w64-mingw32-objdump ${CMAKE_OBJDUMP})
if(NOT WSEXT_WS2_32)
    message(STATUS "no forwarding ws2_32.dll: no Wine was found; name one by WSEXT_WS2_32")
    return()
endif()

enable_language(ASM)
set(def ${CMAKE_CURRENT_BINARY_DIR}/ws2_32.def)
set(header ${CMAKE_CURRENT_BINARY_DIR}/proxy-exports.h)
set(script ${CMAKE_CURRENT_LIST_DIR}/proxy-exports.cmake)
add_custom_command(OUTPUT ${def} ${header} VERBATIM
    DEPENDS ${script} ${WSEXT_WS2_32}
    COMMAND ${CMAKE_COMMAND} -DOBJDUMP=${WSEXT_OBJDUMP} -DNM=${CMAKE_NM} -DREAL=${WSEXT_WS2_32}
        -DLIBRARY=${WSEXT_WS2_32_LIBRARY} -DDEF=${def} -DHEADER=${header} -P ${script})

add_library(proxy SHARED
    hooks/image.c
    tools/proxy.S
    tools/proxy.c
    base/log.c
    base/memory.c
    base/module.c
    ${def}
    ${header})
# The assembler's list is part of the header, which no scanner of dependencies sees in it.
set_property(SOURCE tools/proxy.S PROPERTY OBJECT_DEPENDS ${header})
target_include_directories(proxy PRIVATE . ${CMAKE_CURRENT_BINARY_DIR})
# What the linker makes beside it is not for use, and must not hide the system's import library.
set_target_properties(proxy PROPERTIES PREFIX "" OUTPUT_NAME ws2_32 ARCHIVE_OUTPUT_NAME proxy)
wsext_add_version(proxy "Leads to the system's ws2_32.dll and loads wsext")
install(TARGETS proxy RUNTIME DESTINATION bin)
