# SPDX-License-Identifier: MIT

# mswsock.dll as a module of ReactOS's tree, in place of dll/win32/mswsock, and the library wsext for
# msafd to link. The lists of sources are those of src/CMakeLists.txt.

set(defines WIN32_LEAN_AND_MEAN "WSEXT_VERSION=\"${WSEXT_VERSION}\"")
set(folders ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/../include)

# ReactOS's own name-space provider stays where it is and takes the place of ours.
set(mswsock_folder ${REACTOS_SOURCE_DIR}/dll/win32/mswsock)
set(provider_sources)
set(provider_libraries)
if(EXISTS ${mswsock_folder}/nsplookup.c AND EXISTS ${mswsock_folder}/mswhelper.c)
    set(provider_sources ${mswsock_folder}/nsplookup.c ${mswsock_folder}/mswhelper.c)
    set(provider_libraries advapi32 dnsapi)
    set_source_files_properties(${provider_sources} PROPERTIES COMPILE_DEFINITIONS LE
        INCLUDE_DIRECTORIES ${REACTOS_SOURCE_DIR}/sdk/include/reactos/wine)
    list(APPEND dll_sources hooks/reactos.c)
    set_source_files_properties(hooks/exports.c PROPERTIES
        COMPILE_DEFINITIONS export_NSPStartup=export_replaced_NSPStartup)
endif()

add_library(wsext STATIC ${core_sources} ${windows_sources})
target_compile_definitions(wsext PRIVATE ${defines})
target_include_directories(wsext PRIVATE ${folders}
    INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/../include)
add_dependencies(wsext psdk)

spec2def(mswsock.dll hooks/mswsock.spec ADD_IMPORTLIB)
add_library(mswsock MODULE
    ${dll_sources}
    ${provider_sources}
    hooks/reactos.rc
    ${CMAKE_CURRENT_BINARY_DIR}/mswsock.def)
# Not for the provider's sources, which have ways of their own.
set_source_files_properties(${dll_sources} PROPERTIES COMPILE_DEFINITIONS "${defines}"
    INCLUDE_DIRECTORIES "${folders}")
set_module_type(mswsock win32dll UNICODE)
target_link_libraries(mswsock wsext)
add_importlibs(mswsock ws2_32 ${provider_libraries} msvcrt kernel32 ntdll)
add_cd_file(TARGET mswsock DESTINATION reactos/system32 FOR all)
