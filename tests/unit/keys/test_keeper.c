/* Secrets come from memory files and outlive their process in the vault. */
#include "file.h"
#include "key.h"
#include "keys/keeper.h"
#include "keys/private.h"
#include "test.h"

/* Is this the secret for the peer? NULL: there is none. */
static bool has(const struct keeper *k, const char *peer, const char *want)
{
    struct shrike_id local = {ID_FQDN, text_bytes_of("gw")};
    struct shrike_id remote = {ID_FQDN, text_bytes_of(peer)};
    struct bytes found;
    if (!secrets_find(k->secrets, &local, &remote, &found))
        return want == NULL;
    return want && bytes_equal(found, text_bytes_of(want));
}

static const char *load(struct keeper *k, enum secret_source source, const struct mail_secret *all,
                        size_t count)
{
    int fd = file_of(all, count);
    const char *said = keeper_all(k, source, fd);
    close(fd);
    return said;
}

static const char *load_octets(struct keeper *k, struct bytes b, int seals)
{
    int fd = file_seal(b, seals);
    const char *said = keeper_all(k, SECRET_FILES, fd);
    close(fd);
    return said;
}

/* The next life of a process: nothing is left but the vault's descriptor. */
static bool live_again(struct keeper *k, int vault)
{
    keeper_close(k);
    return keeper_init(k) && !keeper_restore(k, dup(vault));
}

TEST(a_file_replaces_all_of_its_source)
{
    struct keeper k;
    const struct mail_secret first[] = {file_secret("a", "sa", "alice"),
                                        file_secret("b", "sb", "bob")};
    const struct mail_secret then[] = {file_secret("b", "sB", "bob"),
                                       file_secret("c", "sc", "carol")};
    const struct mail_secret other = file_secret("a", "sd", "dave");
    CHECK(keeper_init(&k) && !k.files_known);
    CHECK(!keeper_one(&k, SECRET_CONTROL, &other));
    CHECK(!load(&k, SECRET_FILES, first, 2) && k.files_known);
    CHECK(has(&k, "alice", "sa") && has(&k, "bob", "sb"));
    CHECK(!load(&k, SECRET_FILES, then, 2));
    CHECK(has(&k, "alice", NULL) && has(&k, "bob", "sB") && has(&k, "carol", "sc"));
    CHECK(has(&k, "dave", "sd"));
    CHECK(!load(&k, SECRET_FILES, NULL, 0));
    CHECK(has(&k, "bob", NULL) && has(&k, "dave", "sd"));
    CHECK(!load(&k, SECRET_CONTROL, NULL, 0));
    CHECK(has(&k, "dave", NULL));
    keeper_close(&k);
}

TEST(a_file_that_is_not_whole_changes_nothing)
{
    struct keeper k;
    u8 octets[FILE_MAX];
    struct mail_secret good[] = {file_secret("a", "sa", "alice"), file_secret("b", "sb", "bob")};
    struct mail_secret bad[] = {file_secret("x", "sx", "alice"), file_secret("y", "", "bob")};
    struct bytes all = file_octets(good, 2, octets);
    CHECK(keeper_init(&k) && !load_octets(&k, all, FILE_SEALS));
    for (size_t len = 1; len < all.len; len++) {
        const char *said = load_octets(&k, bytes_of(all.at, len), FILE_SEALS);
        CHECK(has(&k, "alice", "sa"));
        CHECK(said ? has(&k, "bob", "sb") : has(&k, "bob", NULL));
        CHECK(said || len == 4u + (all.at[2] << 8 | all.at[3])); /* the first, whole */
        CHECK(!load_octets(&k, all, FILE_SEALS));
    }
    CHECK(load(&k, SECRET_FILES, bad, 2) != NULL);
    bad[1] = file_secret("y", "sy", "bob");
    bad[1].remove = true;
    CHECK(load(&k, SECRET_FILES, bad, 2) != NULL);
    CHECK(load_octets(&k, all, F_SEAL_SHRINK) != NULL); /* could change while it is read */
    CHECK(load_octets(&k, all, F_SEAL_SHRINK | F_SEAL_GROW) != NULL);
    CHECK(load_octets(&k, bytes_of("\xff\xff\xff\xff", 4), FILE_SEALS) != NULL);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC); /* has no seals at all */
    CHECK(other >= 0 && keeper_all(&k, SECRET_FILES, other) != NULL);
    close(other);
    CHECK(has(&k, "alice", "sa") && has(&k, "bob", "sb"));
    CHECK(keeper_all(&k, SECRET_FILES, -1) != NULL);
    keeper_close(&k);
}

TEST(the_vault_outlives_the_process)
{
    struct keeper k;
    int vault = vault_make();
    struct mail_secret files[] = {file_secret("a", "sa", "alice"), file_secret("b", "sb", "bob"),
                                  file_secret("z", "sz", "alice")};
    struct mail_secret one = file_secret("a", "sc", "carol"), gone = file_secret("d", "sd", "dave");
    CHECK(vault >= 0 && keeper_init(&k) && !keeper_restore(&k, dup(vault)));
    CHECK(k.held && !k.files_known);
    CHECK(live_again(&k, vault) && !k.files_known);
    CHECK(!load(&k, SECRET_FILES, files, 3));
    CHECK(!keeper_one(&k, SECRET_CONTROL, &one) && !keeper_one(&k, SECRET_CONTROL, &gone));
    gone.remove = true;
    CHECK(!keeper_one(&k, SECRET_CONTROL, &gone));
    CHECK(live_again(&k, vault) && k.files_known && k.lost == 0);
    CHECK(has(&k, "alice", "sa") && has(&k, "bob", "sb")); /* in the same order as before */
    CHECK(has(&k, "carol", "sc") && has(&k, "dave", NULL));
    CHECK(!load(&k, SECRET_FILES, files + 1, 1));
    one = file_secret("a", "sC", "carol");
    CHECK(!keeper_one(&k, SECRET_CONTROL, &one));
    CHECK(live_again(&k, vault) && k.files_known);
    CHECK(has(&k, "alice", NULL) && has(&k, "bob", "sb") && has(&k, "carol", "sC"));
    CHECK_EQ(secrets_count(k.secrets, SECRET_FILES), 1);
    CHECK_EQ(secrets_count(k.secrets, SECRET_CONTROL), 1);
    keeper_close(&k);
    close(vault);
}

TEST(a_vault_that_is_none_is_said)
{
    struct keeper k;
    struct mail_secret one = file_secret("a", "sa", "alice");
    CHECK(keeper_init(&k));
    CHECK(keeper_restore(&k, file_seal(bytes_of("no vault", 8), F_SEAL_SHRINK)) != NULL);
    CHECK(!keeper_one(&k, SECRET_CONTROL, &one) && has(&k, "alice", "sa"));
    keeper_close(&k);
}

TEST(records_of_a_stranger_are_counted)
{
    struct keeper k;
    struct vault v;
    int fd = vault_make();
    const struct vault_reader nobody = {NULL, NULL};
    CHECK(vault_open(&v, dup(fd), &nobody));
    CHECK(vault_put(&v, bytes_of("\0name", 5), bytes_of("rubbish", 7)));
    CHECK(vault_put(&v, bytes_of("\7name", 5), bytes_of("rubbish", 7)));
    CHECK(vault_put(&v, bytes_of("\x10name", 5), bytes_of("rubbish", 7)));
    vault_close(&v);
    CHECK(keeper_init(&k) && keeper_restore(&k, fd) != NULL && k.held);
    CHECK_EQ(k.lost, 3);
    CHECK(!k.files_known);
    keeper_close(&k);
}

/* A private key in DER, as its file has it. */
struct sample {
    struct shrike_key_id id;
    u8 *der;
    struct mail_private mail;
};

static struct sample sample_key(const char *type, const char *name)
{
    size_t len;
    EVP_PKEY *key = key_make(type, NULL, 0);
    struct sample s = {.der = private_write(key, &len)};
    if (!s.der || !private_id(key, &s.id))
        abort();
    s.mail = (struct mail_private){.name = text_bytes_of(name), .file = bytes_of(s.der, len)};
    EVP_PKEY_free(key);
    return s;
}

static void sample_free(struct sample *s)
{
    private_free(s->der, s->mail.file.len);
}

static const char *load_keys(struct keeper *k, const struct mail_private *all, size_t count,
                             struct keeper_left_out *out)
{
    int fd = file_of_privates(all, count);
    const char *said = keeper_privates(k, SECRET_FILES, fd, out);
    close(fd);
    return said;
}

static bool holds(const struct keeper *k, const struct sample *s, const char *name)
{
    const char *have = signers_name(&k->signers, &s->id);
    return name ? have && strcmp(have, name) == 0 : !have;
}

TEST(private_keys_outlive_the_process)
{
    struct keeper k;
    struct keeper_left_out out;
    int vault = vault_make();
    struct sample a = sample_key("ED25519", "a.pem"), b = sample_key("ED448", "b.pem");
    struct sample c = sample_key("ED25519", "c");
    struct mail_private files[] = {a.mail, b.mail}, gone = {.remove = true, .id = c.id};
    struct shrike_key_id id;
    CHECK(keeper_init(&k) && !keeper_restore(&k, dup(vault)));
    CHECK(!load_keys(&k, files, 2, &out) && out.count == 0);
    CHECK(!keeper_private(&k, SECRET_CONTROL, &c.mail, &id) && !memcmp(&id, &c.id, sizeof(id)));
    CHECK(live_again(&k, vault) && k.lost == 0 && !k.files_known);
    CHECK(holds(&k, &a, "a.pem") && holds(&k, &b, "b.pem") && holds(&k, &c, "c"));
    CHECK(signers_count(&k.signers, SECRET_FILES) == 2);
    CHECK(!keeper_private(&k, SECRET_CONTROL, &gone, &id));
    CHECK(!load_keys(&k, &b.mail, 1, &out)); /* takes the place of both */
    CHECK(live_again(&k, vault) && k.lost == 0);
    CHECK(holds(&k, &a, NULL) && holds(&k, &b, "b.pem") && holds(&k, &c, NULL));
    keeper_close(&k);
    close(vault);
    sample_free(&a);
    sample_free(&b);
    sample_free(&c);
}

TEST(private_keys_that_cannot_be_read_are_named)
{
    struct keeper k;
    static struct keeper_left_out out;
    struct sample a = sample_key("ED25519", "a.pem"), x = sample_key("X25519", "x.pem");
    struct mail_private files[20] = {
        {.name = text_bytes_of("\n"), .file = text_bytes_of("none")}, a.mail, x.mail};
    CHECK(keeper_init(&k) && !load_keys(&k, files, 3, &out));
    CHECK(out.count == 2 && strcmp(out.some[0].name, "\\x0a") == 0);
    CHECK(strstr(out.some[0].why, "is none") && strstr(out.some[1].why, "cannot sign"));
    CHECK(holds(&k, &a, "a.pem"));
    files[1].remove = true;
    CHECK(load_keys(&k, files, 3, &out) != NULL && holds(&k, &a, "a.pem"));
    int fd = file_seal(bytes_of("\0\0\0\7rubbish", 11), FILE_SEALS);
    CHECK(keeper_privates(&k, SECRET_FILES, fd, &out) != NULL && holds(&k, &a, "a.pem"));
    close(fd);
    fd = file_seal(bytes_of("", 0), F_SEAL_SHRINK);
    CHECK(keeper_privates(&k, SECRET_FILES, fd, &out) != NULL && holds(&k, &a, "a.pem"));
    close(fd);
    for (size_t i = 0; i < 20; i++)
        files[i] = (struct mail_private){.name = text_bytes_of("n")};
    CHECK(!load_keys(&k, files, 20, &out) && out.count == 20 && holds(&k, &a, NULL));
    CHECK(strstr(out.some[KEEPER_LEFT_OUT_MAX - 1].why, "empty"));
    keeper_close(&k);
    sample_free(&a);
    sample_free(&x);
}

int main(void)
{
    return RUN(a_file_replaces_all_of_its_source) | RUN(a_file_that_is_not_whole_changes_nothing) |
           RUN(the_vault_outlives_the_process) | RUN(a_vault_that_is_none_is_said) |
           RUN(records_of_a_stranger_are_counted) | RUN(private_keys_outlive_the_process) |
           RUN(private_keys_that_cannot_be_read_are_named);
}
