# SPDX-License-Identifier: MIT

# What ReactOS's tree defines and asks of GCC in a debug build. Its -nostdinc is left out, as its
# headers are not here: mingw-w64's stand for them, behind stand-ins for those that differ.
add_definitions(-D__REACTOS__ -DDBG=1 -D_CRT_NON_CONFORMING_SWPRINTFS -D_CRT_SUPPRESS_RESTRICT
    -D_WIN32_WINNT=0x502 -DWINVER=0x502 -D_WIN32_WINDOWS=0x502 -D_WIN32_IE=0x600
    -D_inline=__inline)
include_directories(BEFORE
    ${REACTOS_SOURCE_DIR}/sdk/include/psdk
    ${REACTOS_SOURCE_DIR}/sdk/include
    ${REACTOS_SOURCE_DIR}/sdk/include/reactos
    ${CMAKE_CURRENT_SOURCE_DIR}/modules/rostests/apitests/include)

add_compile_options("$<$<COMPILE_LANGUAGE:C>:-pipe;-fms-extensions;-fno-strict-aliasing>"
    "$<$<COMPILE_LANGUAGE:C>:-fno-common;-mlong-double-64;-fno-aggressive-loop-optimizations>"
    "$<$<COMPILE_LANGUAGE:C>:-Wold-style-declaration;-gdwarf-2;-gstrict-dwarf;-O1>"
    "$<$<COMPILE_LANGUAGE:C>:-Werror;-Wall;-Wpointer-arith;-Wno-char-subscripts;-Wno-multichar>"
    "$<$<COMPILE_LANGUAGE:C>:-Wno-unused-value;-Wno-unused-const-variable>"
    "$<$<COMPILE_LANGUAGE:C>:-Wno-unused-local-typedefs;-Wno-deprecated;-Wno-maybe-uninitialized>"
    "$<$<COMPILE_LANGUAGE:C>:-Wno-unused-result>")
if(ARCH STREQUAL "i386")
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:-march=pentium;-mtune=generic;-mpreferred-stack-boundary=3>"
        "$<$<COMPILE_LANGUAGE:C>:-mstackrealign>"
        "$<$<COMPILE_LANGUAGE:C>:-fno-optimize-sibling-calls;-fno-omit-frame-pointer>")
else()
    add_definitions(-U_X86_ -UWIN32)
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:-march=athlon64;-Wno-format;-mpreferred-stack-boundary=4>")
endif()
if(C_STANDARD_FLAG)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:${C_STANDARD_FLAG}>)
endif()
add_link_options(LINKER:--disable-stdcall-fixup -static-libgcc)
