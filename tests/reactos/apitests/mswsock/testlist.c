/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Test list of mswsock
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#define STANDALONE
#include <apitest.h>

extern void func_AcceptEx(void);
extern void func_ConnectEx(void);
extern void func_DisconnectEx(void);
extern void func_GetAcceptExSockaddrs(void);
extern void func_TransmitFile(void);
extern void func_UpdateConnectContext(void);
extern void func_WSAIoctl(void);

const struct test winetest_testlist[] =
{
    { "AcceptEx", func_AcceptEx },
    { "ConnectEx", func_ConnectEx },
    { "DisconnectEx", func_DisconnectEx },
    { "GetAcceptExSockaddrs", func_GetAcceptExSockaddrs },
    { "TransmitFile", func_TransmitFile },
    { "UpdateConnectContext", func_UpdateConnectContext },
    { "WSAIoctl", func_WSAIoctl },

    { 0, 0 }
};
