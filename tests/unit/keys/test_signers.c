/* Private keys are found by their names, and wiped when they go. */
#include "key.h"
#include "keys/private.h"
#include "keys/signers.h"
#include "test.h"

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static struct shrike_key_id id_of(const EVP_PKEY *key)
{
    struct shrike_key_id id;
    if (!private_id(key, &id))
        abort();
    return id;
}

/* Put, and keep one's own hold of the key. */
static const char *put(struct signers *s, enum secret_source source, const char *name,
                       EVP_PKEY *key)
{
    struct shrike_key_id id;
    if (!EVP_PKEY_up_ref(key))
        abort();
    const char *why = signers_put(s, source, text(name), key, &id);
    if (why)
        return why;
    struct shrike_key_id want = id_of(key);
    return memcmp(&id, &want, sizeof(id)) == 0 ? NULL : "is known by another name";
}

TEST(each_is_found)
{
    struct signers s;
    EVP_PKEY *a = key_make("EC", "P-256", 0), *b = key_make("ED25519", NULL, 0);
    struct shrike_key_id ia = id_of(a), ib = id_of(b), any;
    signers_init(&s);
    CHECK(!signers_find(&s, &ia) && !signers_name(&s, &ia));
    CHECK(!put(&s, SECRET_FILES, "a.pem", a) && !put(&s, SECRET_CONTROL, "b.pem", b));
    CHECK(signers_find(&s, &ia)->key == a && signers_find(&s, &ia)->ability.kind == KEY_EC);
    CHECK(signers_find(&s, &ib)->key == b && strcmp(signers_name(&s, &ib), "b.pem") == 0);
    CHECK(signers_first(&s, SECRET_FILES, &any) && memcmp(&any, &ia, sizeof(any)) == 0);
    signers_remove(&s, SECRET_CONTROL, &ia); /* not of this source */
    CHECK(signers_find(&s, &ia));
    signers_remove(&s, SECRET_FILES, &ia);
    CHECK(!signers_find(&s, &ia) && !signers_first(&s, SECRET_FILES, &any));
    CHECK_EQ(signers_count(&s, SECRET_FILES), 0);
    CHECK_EQ(signers_count(&s, SECRET_CONTROL), 1);
    signers_close(&s);
    EVP_PKEY_free(a);
    EVP_PKEY_free(b);
}

/* The same key from both sources: the one of the control socket, as long as it is there. */
TEST(one_key_from_both)
{
    struct signers s;
    EVP_PKEY *a = key_make("EC", "P-256", 0);
    struct shrike_key_id id = id_of(a);
    signers_init(&s);
    CHECK(!put(&s, SECRET_CONTROL, "socket", a) && !put(&s, SECRET_FILES, "file", a));
    CHECK(!put(&s, SECRET_FILES, "other file", a));
    CHECK_EQ(signers_count(&s, SECRET_FILES), 1);
    CHECK(strcmp(signers_name(&s, &id), "socket") == 0);
    signers_remove(&s, SECRET_CONTROL, &id);
    CHECK(strcmp(signers_name(&s, &id), "other file") == 0);
    signers_close(&s);
    EVP_PKEY_free(a);
}

TEST(what_cannot_sign_is_refused)
{
    struct signers s;
    EVP_PKEY *x = key_make("X25519", NULL, 0), *small = key_make("EC", "P-224", 0);
    signers_init(&s);
    CHECK(strstr(put(&s, SECRET_FILES, "x", x), "cannot sign"));
    CHECK(strstr(put(&s, SECRET_FILES, "small", small), "cannot sign"));
    CHECK_EQ(signers_count(&s, SECRET_FILES), 0);
    signers_close(&s);
    EVP_PKEY_free(x);
    EVP_PKEY_free(small);
}

TEST(there_is_a_limit)
{
    struct signers s;
    char long_name[400];
    signers_init(&s);
    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = 0;
    EVP_PKEY *key = NULL;
    for (u32 i = 0; i < SIGNERS_MAX; i++) {
        EVP_PKEY_free(key);
        key = key_make("ED25519", NULL, 0);
        CHECK(!put(&s, i % 2 ? SECRET_FILES : SECRET_CONTROL, long_name, key));
    }
    struct shrike_key_id last = id_of(key);
    CHECK_EQ(strlen(signers_name(&s, &last)), SIGNER_NAME_MAX);
    EVP_PKEY *more = key_make("ED25519", NULL, 0);
    CHECK(strstr(put(&s, SECRET_FILES, "more", more), "too many"));
    CHECK(!put(&s, SECRET_FILES, "again", key)); /* it is there */
    CHECK_EQ(signers_count(&s, SECRET_FILES), SIGNERS_MAX / 2);
    EVP_PKEY_free(more);
    EVP_PKEY_free(key);
    signers_close(&s);
}

int main(void)
{
    return RUN(each_is_found) | RUN(one_key_from_both) | RUN(what_cannot_sign_is_refused) |
           RUN(there_is_a_limit);
}
