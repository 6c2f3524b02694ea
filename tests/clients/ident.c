/* Identities from text: see ident.h. */
#include "ident.h"
#include "config/dn.h"
#include "script.h"
#include "wire/codes.h"
#include "wire/payload.h"
#include <arpa/inet.h>

static bool id_data(int type, const char *text, u8 *out, size_t *len)
{
    struct pool pool = {0};
    struct bytes dn;
    bool good = true;
    *len = strlen(text);
    if (type == ID_IPV4_ADDR || type == ID_IPV6_ADDR) {
        *len = type == ID_IPV4_ADDR ? 4 : 16;
        return inet_pton(type == ID_IPV4_ADDR ? AF_INET : AF_INET6, text, out) == 1;
    }
    if (type != ID_DER_ASN1_DN) {
        memcpy(out, text, *len);
        return true;
    }
    good = dn_read(&pool, text, &dn) && dn.len < SHRIKE_ID_MAX;
    if (good)
        memcpy(out, dn.at, dn.len);
    *len = good ? dn.len : 0;
    pool_free(&pool);
    return good;
}

size_t client_id(const char *text, u8 out[CLIENT_ID_MAX])
{
    char word[WORD_MAX];
    u8 data[SHRIKE_ID_MAX];
    size_t len;
    struct writer w = writer_of(out, CLIENT_ID_MAX);
    int type = next_word(&text, word) ? code_number(CODE_ID, word) : -1;
    text += *text == ' ';
    if (type < 0 || strlen(text) > sizeof data || !id_data(type, text, data, &len))
        return 0;
    ident_write(&w, &(struct ident){(u8)type, bytes_of(data, len)});
    return written(&w);
}
