/* Connections found by a directory are those that a look at each of them finds. */
#include "sa/directory.h"
#include "sa/match.h"
#include "tools.h"

enum { CONNS = 300 };

static const u8 key[16] = {1, 2, 3};
static struct page_source source;
static u64 state;

static u32 draw(u32 n)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (u32)(state >> 33) % n;
}

static const struct shrike_transform transforms[][3] = {{{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                         {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                         {TRANSFORM_KE, KE_CURVE25519, 0}},
                                                        {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
                                                         {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                         {TRANSFORM_KE, KE_CURVE25519, 0}},
                                                        {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
                                                         {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                         {TRANSFORM_KE, KE_MODP2048, 0}}};
static struct shrike_proposal proposals[6];
static struct shrike_conn conns[CONNS];
static struct shrike_net nets[CONNS][2];
static char names[CONNS][16], ids[CONNS][32];
static struct shrike_conf conf;

static struct shrike_net some_net(void)
{
    static const u8 prefixes[] = {32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 29, 24};
    struct shrike_net n = {{{10, 0, (u8)draw(2), (u8)draw(99)}, 4},
                           prefixes[draw(sizeof prefixes)]};
    if (draw(100) == 0)
        n = (struct shrike_net){{{0}, 0}, 0};
    return n;
}

static struct shrike_id some_id(char text[32])
{
    static const char *const forms[][2] = {{"h", ".example"},
                                           {"H", ".Example"},
                                           {"u", "@example"},
                                           {"*.example", ""},
                                           {"*@example", ""}};
    static const u8 often[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4};
    const u32 form = often[draw(sizeof often)], n = draw(40);
    if (draw(100) == 0)
        return (struct shrike_id){0};
    if (form < 3)
        snprintf(text, 32, "%s%u%s", forms[form][0], n, forms[form][1]);
    else
        snprintf(text, 32, "%s", forms[form][0]);
    return (struct shrike_id){strchr(text, '@') ? ID_RFC822_ADDR : ID_FQDN,
                              bytes_of(text, strlen(text))};
}

static void make(u64 seed)
{
    state = seed;
    for (unsigned i = 0; i < ARRAY_LEN(proposals); i++) /* equal ones at two places */
        proposals[i] = (struct shrike_proposal){
            .protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = transforms[i % 3]};
    for (unsigned i = 0; i < CONNS; i++) {
        struct shrike_conn *c = &conns[i];
        snprintf(names[i], sizeof names[i], "c%u", draw(CONNS / 2));
        nets[i][0] = some_net();
        nets[i][1] = some_net();
        *c = (struct shrike_conn){.name = names[i],
                                  .proposals = &proposals[draw(ARRAY_LEN(proposals))],
                                  .proposal_count = 1,
                                  .remote_addrs = nets[i],
                                  .remote_addr_count = (uint16_t)(draw(100) ? 1 + draw(2) : 0),
                                  .remote.id = some_id(ids[i])};
    }
    conf = (struct shrike_conf){.conns = conns, .conn_count = CONNS};
    source = (struct page_source){.from = test_pages, .bytes_max = 1 << 20};
}

static struct shrike_endpoint somebody(void)
{
    return (struct shrike_endpoint){{10, 0, (u8)draw(3), (u8)draw(99)}, 500, 4, 0};
}

/* The first whose proposals are the ones that are wanted, as IKE_SA_INIT chooses. */
static const struct shrike_conn *chosen(const struct directory *d,
                                        const struct shrike_endpoint *who,
                                        const struct shrike_transform *want)
{
    static const struct shrike_endpoint here = {{192, 0, 2, 1}, 500, 4, 0};
    struct match_walk walk;
    const struct shrike_conn *c;
    match_begin(&walk, &conf, d, &here, who);
    while ((c = match_next(&walk)) != NULL && c->proposals->transforms != want)
        continue;
    return c;
}

TEST(the_same_as_without)
{
    u32 found = 0, missed = 0;
    for (u64 seed = 1; seed <= 20; seed++) {
        struct directory d;
        make(seed);
        directory_make(&d, &source, key, &conf);
        CHECK(d.conf == &conf);
        for (unsigned n = 0; n < 200; n++) {
            char text[32];
            const struct shrike_endpoint who = somebody();
            const struct shrike_transform *want = transforms[draw(3)];
            const struct choice choice = {.protocol = PROTOCOL_IKE,
                                          .encr = want[0].id,
                                          .encr_bits = want[0].key_bits,
                                          .prf = want[1].id,
                                          .integ = INTEG_NONE,
                                          .ke = want[2].id};
            CHECK(chosen(&d, &who, want) == chosen(NULL, &who, want));
            struct match_query q = {.conf = &conf, .remote = who, .choice = &choice};
            q.local.family = 4;
            q.remote_id = some_id(text);
            struct shrike_reason without = {0}, with = {0};
            const struct shrike_conn *c = match_identity(&q, &without);
            q.directory = &d;
            CHECK(match_identity(&q, &with) == c);
            found += c != NULL;
            missed += c == NULL;
            CHECK(with.code == without.code && with.detail == without.detail);
        }
        directory_free(&d);
        CHECK_EQ(source.bytes, 0);
    }
    printf("# %u found, %u not\n", found, missed);
    CHECK(found > 500 && missed > 100);
}

/* How many a walk gives, each further on than the one before. */
static u32 count_of(struct directory_walk w)
{
    u32 count = 0, before = 0;
    for (u32 i; (i = directory_next(&w)) != MAP_NONE; count++) {
        if (count && i <= before)
            return UINT32_MAX;
        before = i;
    }
    return count;
}

TEST(all_of_a_name)
{
    struct directory d;
    make(7);
    directory_make(&d, &source, key, &conf);
    for (unsigned i = 0; i < CONNS; i++) {
        u32 same = 0;
        for (unsigned k = 0; k < CONNS; k++)
            same += strcmp(names[i], names[k]) == 0;
        CHECK_EQ(count_of(directory_named(&d, &conf, bytes_of(names[i], strlen(names[i])))), same);
    }
    CHECK_EQ(count_of(directory_named(&d, &conf, bytes_of("nobody", 6))), 0);
    directory_free(&d);
}

/* Of a thousand road warriors that differ in their identities IKE_SA_INIT looks at one, and
 * IKE_AUTH at the one who comes; of sites, at that of the address. */
TEST(few_are_looked_at)
{
    const struct shrike_endpoint site = {{10, 9, 0, 17}, 500, 4, 0}, nobody = {{1}, 500, 4, 0};
    struct directory d;
    make(1);
    for (unsigned i = 0; i < CONNS; i++) {
        snprintf(ids[i], sizeof ids[i], "c%u.example", i);
        nets[i][0] = (struct shrike_net){{{10, 9, 0, (u8)i}, 4}, 32};
        conns[i].proposals = &proposals[i % 2 * 3]; /* equal ones */
        conns[i].remote_addr_count = i < 200;
        conns[i].remote.id = i < 200
                                 ? (struct shrike_id){0}
                                 : (struct shrike_id){ID_FQDN, bytes_of(ids[i], strlen(ids[i]))};
    }
    directory_make(&d, &source, key, &conf);
    CHECK_EQ(count_of(directory_kinds(&d, &conf, &site)),
             2); /* its own, and one for all the rest */
    CHECK_EQ(count_of(directory_kinds(&d, &conf, &nobody)), 1);
    CHECK_EQ(count_of(directory_peer(&d, &conf, &site,
                                     &(struct shrike_id){ID_FQDN, {(const u8 *)"x", 1}})),
             101); /* by address: its own, and those of any address */
    CHECK_EQ(count_of(directory_peer(&d, &conf, &nobody, &conns[250].remote.id)), 100);
    directory_free(&d);
    conf.conns += 200;
    conf.conn_count = 100;
    directory_make(&d, &source, key, &conf);
    CHECK_EQ(count_of(directory_peer(&d, &conf, &nobody, &conns[250].remote.id)), 1);
    directory_free(&d);
    CHECK_EQ(source.bytes, 0);
}

/* Without memory, and of few connections, there is none, and all are looked at. */
TEST(none)
{
    struct directory d;
    make(3);
    for (u64 most = 0; most < 65536; most += 4096) {
        source.bytes_max = most;
        directory_make(&d, &source, key, &conf);
        if (!d.conf)
            CHECK_EQ(count_of(directory_named(&d, &conf, bytes_of("c1", 2))), CONNS);
        CHECK(most > 0 || !d.conf);
        directory_free(&d);
        CHECK_EQ(source.bytes, 0);
    }
    source.bytes_max = 1 << 20;
    conf.conn_count = DIRECTORY_LEAST - 1;
    directory_make(&d, &source, key, &conf);
    CHECK(!d.conf && source.bytes == 0);
    CHECK_EQ(count_of(directory_kinds(&d, &conf, &(struct shrike_endpoint){{0}, 0, 4, 0})),
             DIRECTORY_LEAST - 1);
    CHECK_EQ(count_of(directory_named(NULL, &conf, bytes_of("c1", 2))), DIRECTORY_LEAST - 1);
    CHECK(pages_out == 0);
}

int main(void)
{
    (void)shard_begin, (void)shard_end;
    return RUN(the_same_as_without) | RUN(all_of_a_name) | RUN(few_are_looked_at) | RUN(none);
}
