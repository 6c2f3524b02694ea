/* PKCS #11 by p11-kit: see pkcs11.h. */
#include "keys/pkcs11.h"
#include "base/ct.h"
#include "keys/letter.h"
#include "keys/spki.h"
#include "wire/codes.h"
#include <dlfcn.h>
#include <p11-kit/p11-kit.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS_MAX = 64, VALUE_MAX = MAIL_OBJECT_MAX };

/* ---- the library ---- */

#define LIBRARY "libp11-kit.so.0"

static struct {
    void *handle;
    CK_FUNCTION_LIST **(*modules_load)(const char *reserved, int flags);
    CK_FUNCTION_LIST *(*module_load)(const char *path, int flags);
    CK_RV (*module_initialize)(CK_FUNCTION_LIST *module);
    CK_FUNCTION_LIST *(*module_for_name)(CK_FUNCTION_LIST **modules, const char *name);
    CK_FUNCTION_LIST **all; /* those that are registered; behind the last NULL */
} kit;

static bool load_kit(void)
{
    const struct {
        const char *name;
        void **place;
    } all[] = {{"p11_kit_modules_load", (void **)&kit.modules_load},
               {"p11_kit_module_load", (void **)&kit.module_load},
               {"p11_kit_module_initialize", (void **)&kit.module_initialize},
               {"p11_kit_module_for_name", (void **)&kit.module_for_name}};
    if (kit.handle)
        return true;
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; handle && i < ARRAY_LEN(all); i++) {
        *all[i].place = dlsym(handle, all[i].name);
        if (!*all[i].place)
            return false;
    }
    if (!handle)
        return false;
    kit.handle = handle;
    kit.all = kit.modules_load(NULL, 0);
    return true;
}

/* ---- modules ---- */

/* A module that works, or none. */
static CK_FUNCTION_LIST *ready(CK_FUNCTION_LIST *m)
{
    CK_RV rv = m ? kit.module_initialize(m) : CKR_GENERAL_ERROR;
    return rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? m : NULL;
}

static CK_FUNCTION_LIST *module_of(struct bytes name)
{
    char text[MAIL_HANDLE_MAX + 1] = {0};
    memcpy(text, name.at, name.len);
    if (text[0] == '/')
        return ready(kit.module_load(text, 0));
    return kit.all ? ready(kit.module_for_name(kit.all, text)) : NULL;
}

/* ---- keys ---- */

struct key {
    bool used;
    u32 token;
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE private;
    struct letter said; /* of its opening; what it points to is */
    u8 spki[VALUE_MAX];
};
static struct key keys[PKCS11_KEYS_MAX];

static bool find(const struct key *k, CK_OBJECT_CLASS class, struct bytes id, CK_OBJECT_HANDLE *out)
{
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class},
                             {CKA_ID, (void *)(uintptr_t)id.at, id.len}};
    CK_ULONG count = 0;
    if (k->module->C_FindObjectsInit(k->session, wanted, ARRAY_LEN(wanted)) != CKR_OK)
        return false;
    CK_RV rv = k->module->C_FindObjects(k->session, out, 1, &count);
    (void)k->module->C_FindObjectsFinal(k->session);
    return rv == CKR_OK && count == 1;
}

/* An attribute; none: it has not got it, or it is too long. */
static struct bytes value_of(const struct key *k, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                             u8 room[VALUE_MAX])
{
    CK_ATTRIBUTE a = {type, room, VALUE_MAX};
    if (k->module->C_GetAttributeValue(k->session, object, &a, 1) != CKR_OK ||
        a.ulValueLen > VALUE_MAX)
        return bytes_of(NULL, 0);
    return bytes_of(room, a.ulValueLen);
}

/* Of a public key; of RSA a private one has the same numbers. */
static struct bytes spki_of_key(struct key *k, CK_OBJECT_HANDLE object)
{
    static u8 one[VALUE_MAX], other[VALUE_MAX];
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE a = {CKA_KEY_TYPE, &type, sizeof type};
    struct writer w = writer_of(k->spki, sizeof k->spki);
    if (k->module->C_GetAttributeValue(k->session, object, &a, 1) != CKR_OK)
        return bytes_of(NULL, 0);
    if (type == CKK_RSA)
        spki_write_rsa(&w, value_of(k, object, CKA_MODULUS, one),
                       value_of(k, object, CKA_PUBLIC_EXPONENT, other));
    else if (type == CKK_EC)
        spki_write_ec(&w, value_of(k, object, CKA_EC_PARAMS, one),
                      value_of(k, object, CKA_EC_POINT, other));
    return w.full ? bytes_of(NULL, 0) : written_bytes(&w);
}

/* What everybody may see of it, before anybody has logged in. */
static void look_for_public(struct key *k, struct bytes id)
{
    static u8 cert[VALUE_MAX];
    CK_OBJECT_HANDLE object;
    struct writer w = writer_of(k->spki, sizeof k->spki);
    if (find(k, CKO_PUBLIC_KEY, id, &object))
        k->said.octets = spki_of_key(k, object);
    if (k->said.octets.len == 0 && find(k, CKO_CERTIFICATE, id, &object)) {
        spki_write_of_cert(&w, value_of(k, object, CKA_VALUE, cert));
        k->said.octets = w.full ? bytes_of(NULL, 0) : written_bytes(&w);
    }
}

static enum letter_verdict log_in(const struct key *k, struct bytes pin)
{
    CK_TOKEN_INFO info;
    if (k->module->C_GetTokenInfo(k->slot, &info) != CKR_OK)
        return VERDICT_FAILED;
    if (!(info.flags & CKF_LOGIN_REQUIRED))
        return VERDICT_GOOD;
    if (pin.len == 0)
        return VERDICT_PIN_MISSING;
    if (info.flags & CKF_USER_PIN_LOCKED)
        return VERDICT_PIN_LOCKED;
    if (info.flags & CKF_USER_PIN_FINAL_TRY)
        return VERDICT_PIN_LAST;
    switch (k->module->C_Login(k->session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)pin.at, pin.len)) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN: /* for another key */
        return VERDICT_GOOD;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return VERDICT_PIN_WRONG;
    case CKR_PIN_LOCKED:
        return VERDICT_PIN_LOCKED;
    default:
        return VERDICT_FAILED;
    }
}

static u8 ways_of(const struct key *k)
{
    static const CK_MECHANISM_TYPE types[WAY_COUNT] = {
        [WAY_RSA] = CKM_RSA_PKCS, [WAY_PSS] = CKM_RSA_PKCS_PSS, [WAY_ECDSA] = CKM_ECDSA};
    u8 ways = 0;
    for (unsigned i = 0; i < WAY_COUNT; i++) {
        CK_MECHANISM_INFO info;
        if (k->module->C_GetMechanismInfo(k->slot, types[i], &info) == CKR_OK &&
            info.flags & CKF_SIGN)
            ways |= (u8)(1u << i);
    }
    return ways;
}

/* In a token that is ours: log in and take the key. */
static enum letter_verdict enter(struct key *k, const struct letter *ask)
{
    enum letter_verdict v = log_in(k, ask->pin);
    if (v != VERDICT_GOOD)
        return v;
    if (!find(k, CKO_PRIVATE_KEY, ask->handle.octets, &k->private))
        return VERDICT_NO_KEY;
    if (k->said.octets.len == 0)
        look_for_public(k, ask->handle.octets);
    if (k->said.octets.len == 0)
        k->said.octets = spki_of_key(k, k->private);
    k->said.ways = ways_of(k);
    return k->said.octets.len ? VERDICT_GOOD : VERDICT_NO_PUBLIC;
}

/* A certificate that everybody may see, or that is seen because a key there is open. */
static enum letter_verdict see(struct key *k, const struct letter *ask)
{
    static u8 cert[VALUE_MAX];
    CK_OBJECT_HANDLE object;
    if (find(k, CKO_CERTIFICATE, ask->handle.octets, &object))
        k->said.octets = value_of(k, object, CKA_VALUE, cert);
    return k->said.octets.len ? VERDICT_GOOD : VERDICT_NO_CERT;
}

/* One slot. The PIN is told to a token only where its slot is named, it shows that it has the key,
 * or there is no other one: a wrong one may lock it. */
static enum letter_verdict try_slot(struct key *k, const struct letter *ask, bool alone)
{
    CK_RV rv = k->module->C_OpenSession(k->slot, CKF_SERIAL_SESSION, NULL, NULL, &k->session);
    if (rv != CKR_OK)
        return VERDICT_FAILED;
    if (ask->kind == LETTER_LOOK) {
        enum letter_verdict seen = see(k, ask);
        (void)k->module->C_CloseSession(k->session);
        return seen;
    }
    look_for_public(k, ask->handle.octets);
    bool ours = ask->handle.has_slot || alone || k->said.octets.len > 0 ||
                find(k, CKO_PRIVATE_KEY, ask->handle.octets, &k->private);
    enum letter_verdict v = ours ? enter(k, ask) : VERDICT_NO_KEY;
    if (v != VERDICT_GOOD)
        (void)k->module->C_CloseSession(k->session);
    return v;
}

static enum letter_verdict try_module(struct key *k, const struct letter *ask)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    enum letter_verdict v = VERDICT_NO_TOKEN;
    if (k->module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return VERDICT_NO_TOKEN;
    bool alone = count == 1 && ask->handle.module.len > 0;
    for (CK_ULONG i = 0; i < count; i++) {
        k->slot = slots[i];
        if (ask->handle.has_slot && slots[i] != ask->handle.slot)
            continue;
        v = try_slot(k, ask, alone);
        if (v == VERDICT_GOOD || k->said.octets.len > 0)
            break;
    }
    return v;
}

static enum letter_verdict try_modules(struct key *k, const struct letter *ask)
{
    enum letter_verdict v = VERDICT_NO_TOKEN;
    for (CK_FUNCTION_LIST **m = kit.all; m && *m; m++) {
        if (!(k->module = ready(*m)))
            continue;
        enum letter_verdict now = try_module(k, ask);
        v = now == VERDICT_NO_TOKEN ? v : now;
        if (v == VERDICT_GOOD || k->said.octets.len > 0)
            break;
    }
    return v;
}

static enum letter_verdict search(struct key *k, const struct letter *ask)
{
    if (!load_kit())
        return VERDICT_NO_LIBRARY;
    if (ask->handle.module.len == 0)
        return try_modules(k, ask);
    k->module = module_of(ask->handle.module);
    return k->module ? try_module(k, ask) : VERDICT_NO_MODULE;
}

static void look(const struct letter *ask, struct letter *answer)
{
    static struct key k;
    k = (struct key){.said = *answer};
    k.said.verdict = search(&k, ask);
    *answer = k.said;
}

static void open_key(const struct letter *ask, struct letter *answer)
{
    struct key *k = NULL;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (keys[i].used && keys[i].token == ask->token) {
            *answer = keys[i].said; /* no PIN is told twice */
            return;
        }
        k = !k && !keys[i].used ? &keys[i] : k;
    }
    answer->verdict = VERDICT_FAILED;
    if (!k)
        return;
    *k = (struct key){.token = ask->token, .said = *answer};
    k->said.verdict = search(k, ask);
    *answer = k->said;
    k->used = answer->verdict == VERDICT_GOOD || answer->verdict == VERDICT_PIN_WRONG;
}

static bool pss_of(u8 hash, CK_RSA_PKCS_PSS_PARAMS *out)
{
    switch (hash) {
    case HASH_SHA2_256:
        *out = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, 32};
        return true;
    case HASH_SHA2_384:
        *out = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA384, CKG_MGF1_SHA384, 48};
        return true;
    case HASH_SHA2_512:
        *out = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA512, CKG_MGF1_SHA512, 64};
        return true;
    default:
        return false;
    }
}

static bool sign_by(const struct key *k, const struct letter *ask, struct letter *answer)
{
    static u8 signature[VALUE_MAX];
    CK_ULONG len = sizeof signature;
    CK_RSA_PKCS_PSS_PARAMS pss;
    CK_MECHANISM how = {ask->way == WAY_RSA ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0};
    if (ask->way == WAY_PSS) {
        if (!pss_of(ask->hash, &pss))
            return false;
        how = (CK_MECHANISM){CKM_RSA_PKCS_PSS, &pss, sizeof pss};
    }
    if (k->module->C_SignInit(k->session, &how, k->private) != CKR_OK ||
        k->module->C_Sign(k->session, (CK_BYTE_PTR)(uintptr_t)ask->octets.at, ask->octets.len,
                          signature, &len) != CKR_OK ||
        len > sizeof signature)
        return false;
    answer->octets = bytes_of(signature, len);
    return true;
}

static void sign(const struct letter *ask, struct letter *answer)
{
    answer->verdict = VERDICT_FAILED;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i].used && keys[i].token == ask->token && keys[i].said.verdict == VERDICT_GOOD &&
            sign_by(&keys[i], ask, answer))
            answer->verdict = VERDICT_GOOD;
}

static void close_key(u32 token)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!keys[i].used || keys[i].token != token)
            continue;
        if (keys[i].said.verdict == VERDICT_GOOD)
            (void)keys[i].module->C_CloseSession(keys[i].session);
        keys[i].used = false;
    }
}

/* false: who comes after us may do better. */
static bool answer(int fd, const struct letter *ask)
{
    u8 octets[LETTER_MAX];
    struct writer w = writer_of(octets, sizeof octets);
    struct letter m = {.token = ask->token, .reference = ask->reference};
    if (ask->kind == LETTER_CLOSE) {
        close_key(ask->token);
        return true;
    }
    m.kind = (enum letter_kind)(ask->kind + 1);
    if (ask->kind == LETTER_OPEN)
        open_key(ask, &m);
    else if (ask->kind == LETTER_LOOK)
        look(ask, &m);
    else
        sign(ask, &m);
    letter_write(&w, &m);
    (void)send(fd, octets, written(&w), MSG_NOSIGNAL);
    return ask->kind != LETTER_SIGN || m.verdict == VERDICT_GOOD;
}

static bool is_for_us(enum letter_kind kind)
{
    return kind == LETTER_OPEN || kind == LETTER_CLOSE || kind == LETTER_SIGN ||
           kind == LETTER_LOOK;
}

_Noreturn void pkcs11_serve(int fd)
{
    static u8 octets[LETTER_MAX];
    bool good = true;
    signal(SIGALRM, SIG_DFL);
    while (good) {
        struct letter ask;
        ssize_t n = recv(fd, octets, sizeof octets, 0);
        struct reader r = reader_of(bytes_of(octets, n > 0 ? (size_t)n : 0));
        if (n <= 0)
            break;
        if (!letter_read(&r, &ask) || !is_for_us(ask.kind))
            continue;
        alarm(PKCS11_WAIT_S);
        good = answer(fd, &ask);
        alarm(0);
        wipe(octets, sizeof octets); /* the PIN */
    }
    _exit(EXIT_SUCCESS);
}
