/* SPDX-License-Identifier: MIT */
#include "classic/namesources.h"

#include <stdio.h>
#include <string.h>
#include <windns.h>

#include "base/module.h"
#include "base/once.h"

typedef DNS_STATUS(WINAPI dns__query_fn)(const WCHAR*, WORD, DWORD, void*, DNS_RECORDW**, void**);
typedef void(WINAPI dns__free_fn)(DNS_RECORDW*, DNS_FREE_TYPE);

/* Nothing but this module needs the DLL, and this module only where the host has no resolver of its
 * own, so it is not linked. */
static dns__query_fn* dns__query;
static dns__free_fn* dns__free;
static struct once dns__once;

static void dns__load(void) {
    HMODULE dnsapi = module_load("dnsapi.dll");
    if (dnsapi == NULL)
        return;
    dns__free = (dns__free_fn*) (void*) GetProcAddress(dnsapi, "DnsRecordListFree");
    if (dns__free != NULL)
        dns__query = (dns__query_fn*) (void*) GetProcAddress(dnsapi, "DnsQuery_W");
}

static int dns__error(DNS_STATUS status) {
    switch (status) {
        case DNS_ERROR_RCODE_NAME_ERROR:
        case ERROR_INVALID_NAME:
            return WSAHOST_NOT_FOUND;
        case DNS_INFO_NO_RECORDS:
            return WSANO_DATA;
        case DNS_ERROR_RCODE_SERVER_FAILURE:
        case ERROR_TIMEOUT:
            return WSATRY_AGAIN;
        case ERROR_NOT_ENOUGH_MEMORY:
            return WSA_NOT_ENOUGH_MEMORY;
        default:
            return WSANO_RECOVERY;
    }
}

static int dns__ask(const char* name, WORD type, DNS_RECORDW** records) {
    WCHAR wide[ANSWER__NAME_MAX + 1];
    DNS_STATUS status;
    once_run(&dns__once, dns__load);
    if (dns__query == NULL)
        return WSANO_RECOVERY;
    if (MultiByteToWideChar(CP_ACP, 0, name, -1, wide, ANSWER__NAME_MAX + 1) == 0)
        return WSAHOST_NOT_FOUND;
    status = dns__query(wide, type, DNS_QUERY_STANDARD, NULL, records, NULL);
    return status == 0 ? 0 : dns__error(status);
}

static void dns__add_name(struct answer* answer, const WCHAR* wide) {
    char name[ANSWER__NAME_MAX + 1];
    if (WideCharToMultiByte(CP_ACP, 0, wide, -1, name, sizeof name, NULL, NULL) > 0)
        answer_add_name(answer, name);
}

/* The records come in the order of the message: aliases lead to the name, and that to addresses. */
int namesources_ask_dns(const char* name, int family, struct answer* answer) {
    const WORD type = family == AF_INET ? DNS_TYPE_A : DNS_TYPE_AAAA;
    DNS_RECORDW *records = NULL, *record;
    int error = dns__ask(name, type, &records);
    if (error)
        return error;
    for (record = records; record != NULL; record = record->pNext) {
        if (record->wType != type)
            continue;
        dns__add_name(answer, record->pName);
        if (type == DNS_TYPE_A)
            answer_add_address(answer, AF_INET, &record->Data.A.IpAddress, 0);
        else
            answer_add_address(answer, AF_INET6, &record->Data.AAAA.Ip6Address, 0);
    }
    if (answer->address_count > 0) {
        answer_add_name(answer, name);
        for (record = records; record != NULL; record = record->pNext) {
            if (record->wType == DNS_TYPE_CNAME)
                dns__add_name(answer, record->pName);
        }
    }
    dns__free(records, DnsFreeRecordList);
    return answer->address_count > 0 ? 0 : WSANO_DATA;
}

/* The name under which DNS keeps an address (RFC 1035, 3.5, and RFC 3596, 2.5). */
static void dns__reverse(const struct answer_address* address, char* text) {
    const unsigned char* b = address->bytes;
    int i;
    if (address->family == AF_INET) {
        sprintf(text, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
        return;
    }
    for (i = 15; i >= 0; i--, text += 4)
        sprintf(text, "%x.%x.", b[i] & 15, b[i] >> 4);
    strcpy(text, "ip6.arpa");
}

int namesources_ask_dns_for_address(const struct answer_address* address, struct answer* answer) {
    char name[ANSWER__NAME_MAX + 1];
    DNS_RECORDW *records = NULL, *record;
    int error;
    dns__reverse(address, name);
    error = dns__ask(name, DNS_TYPE_PTR, &records);
    if (error)
        return error;
    for (record = records; record != NULL; record = record->pNext) {
        if (record->wType == DNS_TYPE_PTR)
            dns__add_name(answer, record->Data.PTR.pNameHost);
    }
    dns__free(records, DnsFreeRecordList);
    if (answer->name[0] == '\0')
        return WSANO_DATA;
    answer_add_address(answer, address->family, address->bytes, address->scope);
    return 0;
}
