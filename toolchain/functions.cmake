# SPDX-License-Identifier: MIT

# Adds the sanitizers to a target and to all that link it. Only on request and by target, as
# measuring programs of the same build must not pay for them.
function(wsext_sanitize target)
    if(WSEXT_SANITIZE AND NOT WIN32)
        set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_compile_options(${target} PUBLIC ${flags})
        target_link_options(${target} PUBLIC ${flags})
    endif()
endfunction()

# Reads a spec file and writes NAME.def, with which the DLL is linked, and NAME-import.def, of
# which the import library is made.
function(wsext_add_exports name spec)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${spec})
    file(STRINGS ${spec} lines REGEX "^@")
    set(exports "LIBRARY ${name}.dll\nEXPORTS\n")
    set(imports ${exports})
    foreach(line IN LISTS lines)
        if(NOT line MATCHES
                "^@ stdcall (-private )?([A-Za-z0-9_]+)\\(([a-z0-9 ]*)\\) ([A-Za-z0-9_]+)$")
            message(FATAL_ERROR "${spec}: cannot read: ${line}")
        endif()
        set(private "${CMAKE_MATCH_1}")
        set(export ${CMAKE_MATCH_2})
        set(function ${CMAKE_MATCH_4})
        separate_arguments(arguments UNIX_COMMAND "${CMAKE_MATCH_3}")
        wsext_stdcall_suffix(suffix ${arguments})
        string(APPEND exports "    ${export} = ${function}${suffix}\n")
        if(NOT private)
            string(APPEND imports "    ${export}${suffix}\n")
        endif()
    endforeach()
    file(CONFIGURE OUTPUT ${name}.def CONTENT "${exports}" @ONLY)
    file(CONFIGURE OUTPUT ${name}-import.def CONTENT "${imports}" @ONLY)
endfunction()

# Only 32-bit x86 decorates stdcall functions with the size of their arguments.
function(wsext_stdcall_suffix result)
    set(bytes 0)
    foreach(type IN LISTS ARGN)
        if(type MATCHES "^(int64|double)$")
            math(EXPR bytes "${bytes} + 8")
        else()
            math(EXPR bytes "${bytes} + 4")
        endif()
    endforeach()
    if(CMAKE_SIZEOF_VOID_P EQUAL 4)
        set(${result} "@${bytes}" PARENT_SCOPE)
    else()
        set(${result} "" PARENT_SCOPE)
    endif()
endfunction()

# The linker names the symbols of its import library as the DLL's exports, which on 32-bit x86 are
# undecorated, so that no compiled call would find them; dlltool makes both sides right. The names of
# its temporary files and of its output stay in the library, which the path of the build is to be no
# part of.
function(wsext_fix_import_library target)
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
        WORKING_DIRECTORY $<TARGET_LINKER_FILE_DIR:${target}>
        COMMAND ${CMAKE_DLLTOOL} --kill-at --temp-prefix ${target}
            --input-def ${CMAKE_CURRENT_BINARY_DIR}/${target}-import.def
            --output-lib $<TARGET_LINKER_FILE_NAME:${target}>)
endfunction()

# Gives a DLL or program a resource that tells its version, and the macro WSEXT_VERSION.
function(wsext_add_version target description)
    get_target_property(name ${target} OUTPUT_NAME)
    if(NOT name)
        set(name ${target})
    endif()
    get_target_property(type ${target} TYPE)
    if(type STREQUAL EXECUTABLE)
        set(type VFT_APP)
        set(suffix ${CMAKE_EXECUTABLE_SUFFIX})
    else()
        set(type VFT_DLL)
        set(suffix ${CMAKE_SHARED_LIBRARY_SUFFIX})
    endif()
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${target}.rc)
    configure_file(${PROJECT_SOURCE_DIR}/src/version.rc.in ${file} @ONLY)
    target_sources(${target} PRIVATE ${file})
    target_compile_definitions(${target} PRIVATE
        $<$<COMPILE_LANGUAGE:C>:WSEXT_VERSION="${PROJECT_VERSION}">)
endfunction()

# wsext_add_host_test(HOST h NAME n COMMAND … [ENVIRONMENT …] [FIXTURES …] [LABELS …] [TIMEOUT s]
#                     [SERIAL b])
# Registers a test that toolchain/wine takes part in, on one of its hosts. On all but wine8, where most
# is run, the host stands before the name; it is a label everywhere.
function(wsext_add_host_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "HOST;NAME;TIMEOUT;SERIAL"
        "COMMAND;ENVIRONMENT;FIXTURES;LABELS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "wsext_add_host_test: unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    wsext_host_name(name ${arg_HOST} ${arg_NAME})
    wsext_host_name(fixture ${arg_HOST} wine)
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    if(NOT arg_HOST STREQUAL "wine8")
        list(APPEND arg_ENVIRONMENT WSEXT_HOST=${arg_HOST})
    endif()
    if(CMAKE_SIZEOF_VOID_P EQUAL 4)
        list(APPEND arg_ENVIRONMENT WSEXT_WINE_BITS=32)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 180)
    endif()
    set(fixtures ${fixture} ${arg_FIXTURES})
    set(labels ${arg_HOST} ${arg_LABELS})
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${arg_ENVIRONMENT}"
        FIXTURES_REQUIRED "${fixtures}"
        LABELS "${labels}"
        RUN_SERIAL "${arg_SERIAL}"
        SKIP_RETURN_CODE 77
        TIMEOUT ${arg_TIMEOUT})
endfunction()

# The name of a test, or of a fixture, on a host.
function(wsext_host_name result host name)
    if(host STREQUAL "wine8")
        set(${result} ${name} PARENT_SCOPE)
    else()
        set(${result} ${host}.${name} PARENT_SCOPE)
    endif()
endfunction()

# wsext_add_wine_test(NAME n TARGET t [SHIM] [NATIVE] [HOSTS …] [ARGS …] [ENVIRONMENT …] [TIMEOUT s]
#                     [LABELS …])
# Registers a test that runs a program we built under Wine, 8.0 where no hosts are named; with SHIM
# through wsext-run.exe, with NATIVE so that Wine takes a mswsock.dll of ours instead of its own.
function(wsext_add_wine_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "SHIM;NATIVE" "NAME;TARGET;TIMEOUT"
        "ARGS;ENVIRONMENT;HOSTS;LABELS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "wsext_add_wine_test: unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set(command ${PROJECT_SOURCE_DIR}/toolchain/wine)
    if(arg_SHIM)
        # The launcher hands the name to Windows as it is, and only Wine's own loader understands
        # the names of Unix, so the drive that stands for the root goes before it.
        list(APPEND command $<TARGET_FILE:wsext-run> Z:$<TARGET_FILE:${arg_TARGET}>)
    else()
        list(APPEND command $<TARGET_FILE:${arg_TARGET}>)
    endif()
    if(arg_NATIVE)
        list(APPEND arg_ENVIRONMENT "WINEDLLOVERRIDES=mscoree,mshtml=\\;mswsock=n,b")
    endif()
    if(NOT arg_HOSTS)
        set(arg_HOSTS wine8)
    endif()
    foreach(host IN LISTS arg_HOSTS)
        wsext_add_host_test(HOST ${host} NAME ${arg_NAME} COMMAND ${command} ${arg_ARGS}
            ENVIRONMENT ${arg_ENVIRONMENT} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
    endforeach()
endfunction()
