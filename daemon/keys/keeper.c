/* Secrets and private keys in memory and in the vault: each change goes to both. */
#include "keys/keeper.h"
#include "base/ct.h"
#include "base/text.h"
#include "keys/private.h"
#include <assert.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALED              (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define RECORD_MAX          65536 /* octets of one secret as octets */
#define RECORD_OF_TOKEN_MAX 2048

/* In front of the keys of the vault's records, beside the source. */
enum { RECORD_OF_PRIVATE = 0x10, RECORD_OF_TOKEN = 0x20 };

static const char full[] = "cannot be kept: there are too many, or there is no memory";
static const char vault_full[] = "will be lost when the process ends: the vault is full";

bool keeper_init(struct keeper *k)
{
    *k = (struct keeper){.secrets = secrets_new()};
    signers_init(&k->signers);
    tokens_init(&k->tokens);
    return k->secrets != NULL;
}

void keeper_close(struct keeper *k)
{
    secrets_free(k->secrets);
    signers_close(&k->signers);
    tokens_close(&k->tokens);
    if (k->held)
        vault_close(&k->vault);
    *k = (struct keeper){0};
}

/* Records have source and name for a key, those of tokens too; those of private keys, which say so
 * in front, the one that the key goes by. One without a name says that the source is known. */
struct vault_key {
    u8 octets[1 + SECRET_NAME_MAX];
};
static_assert(sizeof(struct vault_key) <= VAULT_KEY_MAX, "a name fits a key");

static struct bytes key_of(struct vault_key *key, enum secret_source source, struct bytes name)
{
    size_t len = MIN(name.len, (size_t)SECRET_NAME_MAX);
    key->octets[0] = (u8)source;
    if (len > 0)
        memcpy(key->octets + 1, name.at, len);
    return bytes_of(key->octets, 1 + len);
}

/* What people call it, and PKCS #8. */
static bool restore_private(struct keeper *k, enum secret_source source, struct bytes value)
{
    struct reader r = reader_of(value);
    const char *why;
    struct shrike_key_id id;
    struct bytes name = read_bytes(&r, read_u8(&r)), der = read_rest(&r);
    EVP_PKEY *key = private_read(der, bytes_of(NULL, 0), &why);
    return key && !signers_put(&k->signers, source, name, key, &id);
}

static bool restore_token(struct keeper *k, enum secret_source source, struct bytes value)
{
    struct reader r = reader_of(value);
    struct mail_private m;
    return private_mail_read(&r, &m) && read_ended(&r) && !tokens_put(&k->tokens, source, &m, 0);
}

static void restore(void *ctx, struct bytes key, struct bytes value)
{
    struct keeper *k = ctx;
    struct reader r = reader_of(value);
    struct mail_secret m;
    if (key.len == 1 && key.at[0] == SECRET_FILES) {
        k->files_known = true;
        return;
    }
    if (key.len > 1 && (key.at[0] & ~1) == RECORD_OF_PRIVATE) {
        k->lost += !restore_private(k, (enum secret_source)(key.at[0] & 1), value);
        return;
    }
    if (key.len > 1 && (key.at[0] & ~1) == RECORD_OF_TOKEN) {
        k->lost += !restore_token(k, (enum secret_source)(key.at[0] & 1), value);
        return;
    }
    if (key.len < 1 || key.at[0] > SECRET_CONTROL || !secret_read(&r, &m) || !read_ended(&r) ||
        !secrets_put(k->secrets, (enum secret_source)key.at[0], &m))
        k->lost++;
}

const char *keeper_restore(struct keeper *k, int fd)
{
    const struct vault_reader reader = {restore, k};
    if (k->held)
        vault_close(&k->vault);
    k->held = vault_open(&k->vault, fd, &reader);
    if (!k->held)
        return "the vault cannot be read";
    return k->lost > 0 ? "some secrets or private keys of the vault cannot be read" : NULL;
}

static bool store(struct keeper *k, enum secret_source source, const struct mail_secret *m)
{
    u8 record[RECORD_MAX];
    struct writer w = writer_of(record, sizeof(record));
    struct vault_key key;
    if (!k->held)
        return true;
    secret_write(&w, m);
    bool done = !w.full && vault_put(&k->vault, key_of(&key, source, m->name), written_bytes(&w));
    wipe(record, written(&w));
    return done;
}

static void remove_one(struct keeper *k, enum secret_source source, struct bytes name)
{
    struct vault_key key;
    if (k->held)
        vault_drop(&k->vault, key_of(&key, source, name));
    secrets_remove(k->secrets, source, name); /* last: the name may be its own */
}

const char *keeper_one(struct keeper *k, enum secret_source source, const struct mail_secret *m)
{
    if (m->remove) {
        remove_one(k, source, m->name);
        return NULL;
    }
    const char *fault = secret_fault(m);
    if (fault)
        return fault;
    if (!secrets_put(k->secrets, source, m))
        return full;
    return store(k, source, m) ? NULL : vault_full;
}

static bool read_one(struct reader *r, struct mail_secret *m)
{
    struct reader one = read_sub(r, read_u32(r));
    return secret_read(&one, m) && read_ended(&one);
}

/* Is the whole file good? Then it replaces what there is. */
static const char *look_at(const struct keeper *k, enum secret_source source, struct reader r)
{
    u32 count = 0, ids = 0;
    enum secret_source other = source == SECRET_FILES ? SECRET_CONTROL : SECRET_FILES;
    while (!r.bad && read_left(&r) > 0) {
        struct mail_secret m;
        if (!read_one(&r, &m) || m.remove)
            return "are not whole";
        const char *fault = secret_fault(&m);
        if (fault)
            return fault;
        count++;
        ids += MAX(m.id_count, 1);
        if (count + secrets_count(k->secrets, other) > SECRETS_MAX || ids > SECRETS_IDS_MAX)
            return "are too many";
    }
    return r.bad ? "are not whole" : NULL;
}

static const char *replace(struct keeper *k, enum secret_source source, struct reader r)
{
    struct bytes name;
    struct vault_key key;
    const char *said = NULL;
    while (secrets_first(k->secrets, source, &name))
        remove_one(k, source, name);
    while (read_left(&r) > 0) {
        struct mail_secret m;
        if (!read_one(&r, &m))
            return "are not whole";
        const char *fault = keeper_one(k, source, &m);
        said = fault ? fault : said;
    }
    if (source == SECRET_FILES) {
        k->files_known = true;
        if (k->held)
            vault_put(&k->vault, key_of(&key, source, bytes_of(NULL, 0)), bytes_of(NULL, 0));
    }
    return said;
}

/* The octets of a sealed memory file, to be unmapped; NULL, or what is wrong with it. */
static const char *map_sealed(int fd, struct bytes *out)
{
    struct stat st;
    *out = bytes_of(NULL, 0);
    int seals = fcntl(fd, F_GET_SEALS); /* -1 has all bits */
    if (seals < 0 || (seals & SEALED) != SEALED || fstat(fd, &st) != 0)
        return "are not in a sealed memory file";
    if (st.st_size > SECRETS_FILE_MAX)
        return "are too many";
    size_t size = (size_t)st.st_size;
    void *map = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (map == MAP_FAILED)
        return full;
    *out = bytes_of(map, size);
    return NULL;
}

static void unmap(struct bytes b)
{
    if (b.at)
        munmap((void *)(uintptr_t)b.at, b.len);
}

const char *keeper_all(struct keeper *k, enum secret_source source, int fd)
{
    struct bytes file;
    const char *said = map_sealed(fd, &file);
    if (!said)
        said = look_at(k, source, reader_of(file));
    if (!said)
        said = replace(k, source, reader_of(file));
    unmap(file);
    return said;
}

/* ---- private keys ---- */

static struct bytes private_key_of(struct vault_key *key, enum secret_source source,
                                   const struct shrike_key_id *id)
{
    key->octets[0] = (u8)(RECORD_OF_PRIVATE | source);
    memcpy(key->octets + 1, id->octets, sizeof(id->octets));
    return bytes_of(key->octets, 1 + sizeof(id->octets));
}

static bool store_private(struct keeper *k, enum secret_source source,
                          const struct shrike_key_id *id)
{
    u8 record[1 + SIGNER_NAME_MAX + PRIVATE_FILE_MAX];
    struct writer w = writer_of(record, sizeof(record));
    struct vault_key key;
    size_t len;
    const struct signer *s = signers_find(&k->signers, id);
    const char *name = signers_name(&k->signers, id);
    u8 *der = k->held && s ? private_write(s->key, &len) : NULL;
    if (!der)
        return !k->held;
    write_u8(&w, (u8)strlen(name));
    write_bytes(&w, bytes_of(name, strlen(name)));
    write_bytes(&w, bytes_of(der, len));
    bool done =
        !w.full && vault_put(&k->vault, private_key_of(&key, source, id), written_bytes(&w));
    wipe(record, written(&w));
    private_free(der, len);
    return done;
}

static void remove_private(struct keeper *k, enum secret_source source, struct shrike_key_id id)
{
    struct vault_key key;
    if (k->held)
        vault_drop(&k->vault, private_key_of(&key, source, &id));
    signers_remove(&k->signers, source, &id);
}

/* ---- those on tokens ---- */

static struct bytes token_key_of(struct vault_key *key, enum secret_source source, const char *name)
{
    size_t len = MIN(strlen(name), (size_t)SECRET_NAME_MAX);
    key->octets[0] = (u8)(RECORD_OF_TOKEN | source);
    memcpy(key->octets + 1, name, len);
    return bytes_of(key->octets, 1 + len);
}

static void drop_token(struct keeper *k, const struct token *one)
{
    struct vault_key key;
    if (k->held)
        vault_drop(&k->vault, token_key_of(&key, one->source, one->name));
}

static void remove_tokens(struct keeper *k, enum secret_source source,
                          const struct shrike_key_id *id)
{
    struct token *one;
    while ((one = tokens_of(&k->tokens, source, id)) != NULL) {
        drop_token(k, one);
        tokens_remove(&k->tokens, one);
    }
}

const char *keeper_token(struct keeper *k, enum secret_source source, const struct mail_private *m,
                         u32 reference)
{
    u8 record[RECORD_OF_TOKEN_MAX];
    char name[SIGNER_NAME_MAX + 1] = {0};
    struct vault_key key;
    struct writer w = writer_of(record, sizeof(record));
    const char *why = tokens_put(&k->tokens, source, m, reference);
    if (why || !k->held)
        return why;
    memcpy(name, m->name.at, MIN(m->name.len, (size_t)SIGNER_NAME_MAX));
    private_mail_write(&w, m);
    bool done =
        !w.full && vault_put(&k->vault, token_key_of(&key, source, name), written_bytes(&w));
    wipe(record, written(&w));
    return done ? NULL : vault_full;
}

/* Those of the source go, unless they come again before the sweep. */
static void mark_tokens(struct keeper *k, enum secret_source source)
{
    tokens_mark(&k->tokens, source);
    for (size_t i = 0; i < TOKENS_MAX; i++)
        if (k->tokens.all[i].marked)
            drop_token(k, &k->tokens.all[i]);
}

/* ---- one, or all of them ---- */

const char *keeper_private(struct keeper *k, enum secret_source source,
                           const struct mail_private *m, struct shrike_key_id *id)
{
    const char *why;
    *id = m->id;
    if (m->remove) {
        remove_private(k, source, m->id);
        remove_tokens(k, source, &m->id);
        return NULL;
    }
    EVP_PKEY *key = private_read(m->file, m->passphrase, &why);
    if (!key)
        return why;
    why = signers_put(&k->signers, source, m->name, key, id);
    if (why)
        return why;
    return store_private(k, source, id) ? NULL : vault_full;
}

static bool read_private(struct reader *r, struct mail_private *m)
{
    struct reader one = read_sub(r, read_u32(r));
    return private_mail_read(&one, m) && read_ended(&one) && !m->remove;
}

static void leave_out(struct keeper_left_out *out, struct bytes name, const char *why)
{
    u32 i = out->count++;
    if (i >= KEEPER_LEFT_OUT_MAX)
        return;
    struct text t = text_of(out->some[i].name, sizeof(out->some[i].name));
    text_safe(&t, name);
    out->some[i].why = why;
}

const char *keeper_privates(struct keeper *k, enum secret_source source, int fd,
                            struct keeper_left_out *out)
{
    struct bytes file;
    struct shrike_key_id id;
    struct mail_private m;
    const char *said = map_sealed(fd, &file);
    struct reader r = reader_of(file);
    out->count = 0;
    while (!said && read_left(&r) > 0)
        if (!read_private(&r, &m))
            said = "are not whole";
    if (!said && r.bad)
        said = "are not whole";
    while (!said && signers_first(&k->signers, source, &id))
        remove_private(k, source, id);
    if (!said)
        mark_tokens(k, source);
    r = reader_of(file);
    while (!said && read_left(&r) > 0 && read_private(&r, &m)) {
        const char *why = m.handle.octets.len ? keeper_token(k, source, &m, 0)
                                              : keeper_private(k, source, &m, &id);
        if (why)
            leave_out(out, m.name, why);
    }
    tokens_sweep(&k->tokens);
    unmap(file);
    return said;
}
