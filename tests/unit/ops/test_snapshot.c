/* Snapshots: a configuration comes out of the sealed file as it went in, or not at all. */
#include "ops/conf.h"
#include "samples.h"
#include "test.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static bool same_text(const char *a, const char *b)
{
    return a && b ? a != b && strcmp(a, b) == 0 : a == b;
}

static bool same_origin(struct shrike_origin a, struct shrike_origin b)
{
    return same_text(a.file, b.file) && a.line == b.line;
}

/* Arrays of what has no pointer inside. */
static bool same_plain(const void *a, const void *b, size_t count, size_t size)
{
    return count == 0 ? b == NULL : a != b && memcmp(a, b, count * size) == 0;
}

static bool same_credential(const struct shrike_credential *a, const struct shrike_credential *b)
{
    bool same =
        memcmp(&a->key, &b->key, sizeof(a->key)) == 0 && a->encoding == b->encoding &&
        a->cert_count == b->cert_count && a->authority_count == b->authority_count &&
        same_plain(a->authorities, b->authorities, a->authority_count, sizeof(*a->authorities)) &&
        same_origin(a->origin, b->origin);
    for (unsigned i = 0; i < a->cert_count && same; i++)
        same = bytes_equal(a->certs[i], b->certs[i]) && !a->lookups == !b->lookups &&
               (!a->lookups || bytes_equal(a->lookups[i], b->lookups[i]));
    return same;
}

static bool same_auth(const struct shrike_auth *a, const struct shrike_auth *b)
{
    bool same =
        a->kind == b->kind && a->schemes == b->schemes && a->id.type == b->id.type &&
        bytes_equal(a->id.data, b->id.data) && same_origin(a->origin, b->origin) &&
        bytes_equal(a->eap.methods, b->eap.methods) && a->eap.id.type == b->eap.id.type &&
        bytes_equal(a->eap.id.data, b->eap.id.data) && a->eap.asks == b->eap.asks &&
        !a->rule == !b->rule && (!a->rule || same_text(a->rule, b->rule)) &&
        bytes_equal(a->eap.groups, b->eap.groups) && bytes_equal(a->eap.inside, b->eap.inside) &&
        a->eap.server.type == b->eap.server.type &&
        bytes_equal(a->eap.server.data, b->eap.server.data) &&
        a->credential_count == b->credential_count && a->authority_count == b->authority_count &&
        same_plain(a->authorities, b->authorities, a->authority_count, sizeof(*a->authorities));
    for (unsigned i = 0; i < a->credential_count && same; i++)
        same = same_credential(&a->credentials[i], &b->credentials[i]);
    return same;
}

static bool same_rounds(const struct shrike_auth *a, const struct shrike_auth *b, unsigned count)
{
    bool same = count == 0 || a != b;
    for (unsigned i = 0; i < count && same; i++)
        same = same_auth(&a[i], &b[i]);
    return same;
}

static bool same_proposals(const struct shrike_proposal *a, const struct shrike_proposal *b,
                           unsigned count)
{
    bool same = count == 0 || a != b;
    for (unsigned i = 0; i < count && same; i++)
        same = a[i].protocol == b[i].protocol && same_origin(a[i].origin, b[i].origin) &&
               a[i].transform_count == b[i].transform_count &&
               same_plain(a[i].transforms, b[i].transforms, a[i].transform_count,
                          sizeof(*a[i].transforms));
    return same;
}

/* What points is compared and then made equal, so that the rest can be compared all at once. */
static bool same_child(const struct shrike_child_conf *a, const struct shrike_child_conf *from)
{
    struct shrike_child_conf b;
    memcpy(&b, from, sizeof(b));
    bool same = same_text(a->name, b.name) && same_text(a->updown, b.updown) &&
                same_text(a->plane.link, b.plane.link) && a->proposal_count == b.proposal_count &&
                same_proposals(a->proposals, b.proposals, a->proposal_count) &&
                a->local_ts_count == b.local_ts_count && a->remote_ts_count == b.remote_ts_count &&
                same_plain(a->local_ts, b.local_ts, a->local_ts_count, sizeof(*a->local_ts)) &&
                same_plain(a->remote_ts, b.remote_ts, a->remote_ts_count, sizeof(*a->remote_ts)) &&
                same_origin(a->origin, b.origin) && same_origin(a->mode_origin, b.mode_origin) &&
                same_origin(a->proposals_origin, b.proposals_origin) &&
                same_origin(a->ts_origin, b.ts_origin);
    b.name = a->name;
    b.updown = a->updown;
    b.plane.link = a->plane.link;
    b.proposals = a->proposals;
    b.local_ts = a->local_ts;
    b.remote_ts = a->remote_ts;
    b.origin = a->origin;
    b.mode_origin = a->mode_origin;
    b.proposals_origin = a->proposals_origin;
    b.ts_origin = a->ts_origin;
    return same && memcmp(a, &b, sizeof(b)) == 0;
}

static bool same_conn(const struct shrike_conn *a, const struct shrike_conn *from)
{
    struct shrike_conn b;
    memcpy(&b, from, sizeof(b));
    bool same =
        same_text(a->name, b.name) && a->local_addr_count == b.local_addr_count &&
        a->remote_addr_count == b.remote_addr_count &&
        same_plain(a->local_addrs, b.local_addrs, a->local_addr_count, sizeof(*a->local_addrs)) &&
        same_plain(a->remote_addrs, b.remote_addrs, a->remote_addr_count,
                   sizeof(*a->remote_addrs)) &&
        a->proposal_count == b.proposal_count &&
        same_proposals(a->proposals, b.proposals, a->proposal_count) &&
        a->child_count == b.child_count && same_auth(&a->local, &b.local) &&
        same_auth(&a->remote, &b.remote) && same_origin(a->origin, b.origin) &&
        a->local_round_count == b.local_round_count &&
        a->remote_round_count == b.remote_round_count &&
        same_rounds(a->local_rounds, b.local_rounds, a->local_round_count) &&
        same_rounds(a->remote_rounds, b.remote_rounds, a->remote_round_count) &&
        same_origin(a->proposals_origin, b.proposals_origin) && a->vip_count == b.vip_count &&
        a->pool_count == b.pool_count &&
        same_plain(a->vips, b.vips, a->vip_count, sizeof(*a->vips)) &&
        same_origin(a->vips_origin, b.vips_origin) &&
        same_origin(a->pools_origin, b.pools_origin) && a->redirect_to.type == b.redirect_to.type &&
        bytes_equal(a->redirect_to.data, b.redirect_to.data) && bytes_equal(a->ppk_id, b.ppk_id) &&
        same_origin(a->ppk_origin, b.ppk_origin);
    for (unsigned i = 0; i < a->pool_count && same; i++)
        same = same_text(a->pools[i], b.pools[i]);
    for (unsigned i = 0; i < (unsigned)a->child_count + a->shunt_count && same; i++)
        same = same_child(&a->children[i], &b.children[i]);
    b.name = a->name;
    b.local_addrs = a->local_addrs;
    b.remote_addrs = a->remote_addrs;
    b.proposals = a->proposals;
    b.children = a->children;
    b.local = a->local;
    b.remote = a->remote;
    b.local_rounds = a->local_rounds;
    b.remote_rounds = a->remote_rounds;
    b.origin = a->origin;
    b.proposals_origin = a->proposals_origin;
    b.vips = a->vips;
    b.pools = a->pools;
    b.vips_origin = a->vips_origin;
    b.pools_origin = a->pools_origin;
    b.redirect_to = a->redirect_to;
    b.ppk_id = a->ppk_id;
    b.ppk_origin = a->ppk_origin;
    return same && memcmp(a, &b, sizeof(b)) == 0;
}

static bool same_conf(const struct shrike_conf *a, const struct shrike_conf *b)
{
    bool same = a->conn_count == b->conn_count && a->cookie_threshold == b->cookie_threshold &&
                a->cookie_prefix_threshold == b->cookie_prefix_threshold &&
                a->half_open_max == b->half_open_max &&
                a->half_open_prefix_max == b->half_open_prefix_max &&
                a->ike_sas_max == b->ike_sas_max && a->ppks == b->ppks && a->rounds == b->rounds &&
                a->beet == b->beet;
    for (unsigned i = 0; i < a->conn_count && same; i++)
        same = same_conn(&a->conns[i], &b->conns[i]);
    return same;
}

static bool same_pool(const struct lease_pool *a, const struct lease_pool *b)
{
    bool same = same_text(a->name, b->name) && same_origin(a->origin, b->origin) &&
                memcmp(&a->base, &b->base, sizeof(a->base)) == 0 && a->size == b->size &&
                a->attribute_count == b->attribute_count;
    for (unsigned i = 0; i < a->attribute_count && same; i++)
        same = a->attributes[i].type == b->attributes[i].type &&
               bytes_equal(a->attributes[i].value, b->attributes[i].value);
    return same;
}

static bool same_settings(const struct settings *a, const struct settings *from)
{
    struct settings b = *from;
    bool same = a->pool_count == b.pool_count;
    for (unsigned i = 0; i < a->pool_count && same; i++)
        same = same_pool(&a->pools[i], &b.pools[i]);
    b.pools = a->pools;
    return same && memcmp(a, &b, sizeof(b)) == 0;
}

TEST(a_configuration_comes_back)
{
    int fd = snapshot_seal(&sample_conf, &sample_settings);
    CHECK(fd >= 0);
    struct snapshot_copy *s = snapshot_load(fd), *t = snapshot_load(fd);
    CHECK(s && t && fcntl(fd, F_GETFD) == FD_CLOEXEC); /* still ours */
    close(fd);                                         /* and not needed any more */
    CHECK(same_conf(&sample_conf, &s->conf) && same_conf(&sample_conf, &t->conf));
    CHECK(same_settings(&sample_settings, &s->settings));
    snapshot_free(s);
    CHECK(same_conf(&sample_conf, &t->conf));
    snapshot_free(t);
    snapshot_free(NULL);
}

TEST(an_empty_configuration_comes_back)
{
    struct shrike_conf none = {.conns = NULL,
                               .conn_count = 0,
                               .cookie_threshold = 1,
                               .cookie_prefix_threshold = 2,
                               .half_open_max = 3};
    int fd = snapshot_seal(&none, &sample_settings);
    struct snapshot_copy *s = snapshot_load(fd);
    CHECK(s && same_conf(&none, &s->conf) && !s->conf.conns);
    snapshot_free(s);
    close(fd);
}

TEST(nobody_can_change_it)
{
    int fd = snapshot_seal(&sample_conf, &sample_settings);
    off_t len = lseek(fd, 0, SEEK_END);
    CHECK(len > 0);
    CHECK(pwrite(fd, "x", 1, 0) < 0 && pwrite(fd, "x", 1, len) < 0);
    CHECK(ftruncate(fd, len - 1) != 0 && ftruncate(fd, len + 1) != 0);
    CHECK(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != 0);
    close(fd);
}

/* A memory file with these octets and seals, loaded. */
static bool loads(struct bytes octets, int seals)
{
    int fd = memfd_create("test", MFD_ALLOW_SEALING);
    bool made = fd >= 0 && write(fd, octets.at, octets.len) == (ssize_t)octets.len &&
                fcntl(fd, F_ADD_SEALS, seals) == 0;
    struct snapshot_copy *s = made ? snapshot_load(fd) : NULL;
    bool good = s != NULL;
    snapshot_free(s);
    close(fd);
    return good;
}

TEST(what_can_still_change_is_refused)
{
    static u8 room[4096];
    const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct bytes b = sample(RECODE_SNAPSHOT, 0, room, sizeof(room));
    CHECK(loads(b, all));
    CHECK(loads(b, all | F_SEAL_FUTURE_WRITE));
    CHECK(!loads(b, all & ~F_SEAL_SHRINK));
    CHECK(!loads(b, all & ~F_SEAL_GROW));
    CHECK(!loads(b, all & ~F_SEAL_WRITE));
    CHECK(!loads(b, all & ~F_SEAL_SEAL));
    CHECK(!loads(b, 0));
    CHECK(!loads(bytes_of(b.at, 0), all) && !loads(bytes_of(b.at, b.len - 1), all));
}

TEST(what_is_no_memory_file_is_refused)
{
    int fd[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(null >= 0 && pipe(fd) == 0);
    CHECK(!snapshot_load(-1) && !snapshot_load(null) && !snapshot_load(fd[0]));
    close(null);
    close(fd[0]);
    close(fd[1]);
}

/* A copy of the sample to be changed by a test; everything in it is shared but what is here. */
struct copy {
    struct shrike_conf conf;
    struct shrike_conn conn;
    struct shrike_child_conf child;
    struct shrike_proposal proposal;
};

static struct copy *copied(void)
{
    static struct copy c;
    c.conf = sample_conf;
    c.conn = sample_conns[0];
    c.child = child_confs[0];
    c.proposal = esp_proposals[0];
    c.conf.conns = &c.conn;
    c.conf.conn_count = 1;
    c.conn.children = &c.child;
    c.conn.child_count = 1;
    c.conn.shunt_count = 0;
    c.child.proposals = &c.proposal;
    return &c;
}

/* 1: it is sealed and comes back; 0: it is refused; -1: sealed, but not to be loaded. */
static int seals(const struct copy *c)
{
    int fd = snapshot_seal(&c->conf, &sample_settings);
    if (fd < 0)
        return 0;
    struct snapshot_copy *s = snapshot_load(fd);
    bool whole = s && same_conf(&c->conf, &s->conf);
    snapshot_free(s);
    close(fd);
    return whole ? 1 : -1;
}

TEST(what_is_above_a_cap_is_not_sealed)
{
    static struct shrike_net blocks[SNAPSHOT_ADDRS_MAX + 1];
    static struct shrike_child_conf children[SNAPSHOT_CHILDREN_MAX + 1];
    static struct shrike_transform transforms[SNAPSHOT_TRANSFORMS_MAX + 1];
    static struct shrike_proposal proposals[SNAPSHOT_PROPOSALS_MAX + 1];
    static char command[SHRIKE_UPDOWN_MAX + 2];
    struct copy *c = copied();
    CHECK(seals(c) == 1);
    for (unsigned more = 0; more < 2; more++) {
        c = copied();
        memset(command, 'x', SHRIKE_UPDOWN_MAX + more);
        c->child.updown = command;
        CHECK(seals(c) == (more == 0));
        c = copied();
        c->child.plane.link = more ? "an_interface_016" : "an_interface_15";
        CHECK(seals(c) == (more == 0));
        c = copied();
        c->conn.local_addrs = blocks;
        c->conn.local_addr_count = (u16)(SNAPSHOT_ADDRS_MAX + more);
        CHECK(seals(c) == (more == 0));
        c = copied();
        for (unsigned i = 0; i < ARRAY_LEN(children); i++)
            children[i] = child_confs[1];
        c->conn.children = children;
        c->conn.child_count = (u16)(SNAPSHOT_CHILDREN_MAX + more);
        CHECK(seals(c) == (more == 0));
        c = copied();
        c->proposal.transforms = transforms;
        c->proposal.transform_count = (u16)(SNAPSHOT_TRANSFORMS_MAX + more);
        CHECK(seals(c) == (more == 0));
        c = copied();
        for (unsigned i = 0; i < ARRAY_LEN(proposals); i++)
            proposals[i] = esp_proposals[0];
        c->child.proposals = proposals;
        c->child.proposal_count = (u16)(SNAPSHOT_PROPOSALS_MAX + more);
        CHECK(seals(c) == (more == 0));
    }
}

TEST(what_the_engine_could_not_use_is_not_sealed)
{
    char name[SEAM_NAME_MAX + 1] = {0};
    struct copy *c = copied();
    c->conn.name = NULL;
    CHECK(seals(c) == 0);
    c = copied();
    c->child.name = memset(name, 'n', SEAM_NAME_MAX - 1);
    CHECK(seals(c) == 1);
    name[SEAM_NAME_MAX - 1] = 'n';
    CHECK(seals(c) == 0);
    c = copied();
    c->conn.proposal_count = 0;
    CHECK(seals(c) == 0);
    for (unsigned mode = SHRIKE_TUNNEL; mode <= SHRIKE_DROP; mode++) { /* each has its place */
        c = copied();
        c->child.mode = (enum shrike_mode)mode;
        c->child.proposal_count = mode < SHRIKE_PASS;
        c->child.proposals = mode < SHRIKE_PASS ? &c->proposal : NULL;
        CHECK(seals(c) == (mode < SHRIKE_PASS));
        c->conn.child_count = 0;
        c->conn.shunt_count = 1;
        CHECK(seals(c) == (mode >= SHRIKE_PASS));
    }
    c = copied();
    c->child.proposal_count = 0;
    CHECK(seals(c) == 0);
    c = copied();
    c->conn.retransmit_jitter = 101;
    CHECK(seals(c) == 0);
}

/* Octets that claim another count: written here by hand, since the writer refuses them. */
static bool reads_with(struct bytes b, size_t at, u32 count)
{
    static u8 copy[4096];
    memcpy(copy, b.at, b.len);
    for (unsigned i = 0; i < 4; i++)
        copy[at + i] = (u8)(count >> (24 - 8 * i));
    struct snapshot_copy *s = snapshot_read(bytes_of(copy, b.len));
    snapshot_free(s);
    return s != NULL;
}

TEST(a_wrong_count_of_connections_is_refused)
{
    static u8 room[4096];
    struct writer w = writer_of(room, sizeof(room));
    settings_write(&w, &sample_settings);
    size_t at =
        16 + written(&w) + 23; /* behind the header, settings, five limits and three flags */
    struct bytes b = sample(RECODE_SNAPSHOT, 0, room, sizeof(room));
    CHECK(reads_with(b, at, 2));
    CHECK(!reads_with(b, at, 0) && !reads_with(b, at, 1) && !reads_with(b, at, 3));
    CHECK(!reads_with(b, at, SNAPSHOT_CONNS_MAX) && !reads_with(b, at, SNAPSHOT_CONNS_MAX + 1));
    CHECK(!reads_with(b, at, UINT32_MAX));
    CHECK(!reads_with(b, 8, 2));          /* another version */
    CHECK(reads_with(b, 12, (u32)b.len)); /* the length of all */
    CHECK(!reads_with(b, 12, (u32)b.len + 1) && !reads_with(b, 12, 0));
}

/* The sample with `cut` octets at this place replaced, and read. */
static bool reads_spliced(struct bytes b, const u8 *at, size_t cut, struct bytes put)
{
    static u8 copy[4096];
    size_t before = (size_t)(at - b.at), len = b.len - cut + put.len;
    memcpy(copy, b.at, before);
    memcpy(copy + before, put.at, put.len);
    memcpy(copy + before + put.len, at + cut, b.len - before - cut);
    return reads_with(bytes_of(copy, len), 12, (u32)len);
}

/* What is refused when it is written is refused when it is read, too. */
TEST(what_the_engine_could_not_use_is_not_read)
{
    static u8 room[4096];
    struct bytes b = sample(RECODE_SNAPSHOT, 0, room, sizeof(room));
    const u8 *setting = memmem(room, b.len, "\0\10shrike7", 10);
    CHECK(setting && reads_spliced(b, setting, 10, bytes_of(setting, 10)));
    CHECK(!reads_spliced(b, setting, 10, TEXT("\0\0")));
    const u8 *name = memmem(room, b.len, "\0\4any", 6);
    CHECK(name && reads_spliced(b, name, 6, TEXT("\0\2x\0")));
    CHECK(!reads_spliced(b, name, 6, TEXT("\0\0")));
    const u8 *list = name + 6 + 8 + 8; /* behind the hash, no addresses and two ports */
    size_t one = 1 + 6 + 2 + 2 * 5;    /* a proposal with two transforms, of no place */
    CHECK(reads_spliced(b, list, 2, TEXT("\0\1")) && !reads_spliced(b, list, 2, TEXT("\0\2")));
    CHECK(!reads_spliced(b, list, 2 + one, TEXT("\0\0")));
    CHECK(reads_spliced(b, list + 2, 1, TEXT("\3")));
    CHECK(!reads_spliced(b, list + 2, 1, TEXT("\4")) && !reads_spliced(b, list + 2, 1, TEXT("\0")));
}

TEST(a_pool_that_cannot_be_is_not_read)
{
    static u8 room[4096];
    struct bytes b = sample(RECODE_SNAPSHOT, 0, room, sizeof(room));
    const u8 *pool = memmem(room, b.len, "\0\7people", 9);
    CHECK(pool && pool[9] == 4 && reads_spliced(b, pool + 14, 4, TEXT("\0\0\0\1")));
    CHECK(!reads_spliced(b, pool + 14, 4, TEXT("\0\0\0\0")));   /* no address */
    CHECK(!reads_spliced(b, pool + 14, 4, TEXT("\x80\0\0\1"))); /* too many */
    CHECK(!reads_spliced(b, pool + 9, 5, TEXT("\0")));          /* of no family */
    CHECK(!reads_spliced(b, pool, 9, TEXT("\0\0")));            /* no name */
    CHECK(!reads_spliced(b, pool - 2, 2, TEXT("\4\1")));        /* beyond the cap */
}

TEST(no_more_connections_than_the_cap)
{
    static struct shrike_conn conns[SNAPSHOT_CONNS_MAX + 1];
    const size_t size = 24u << 20;
    u8 *octets = malloc(size);
    CHECK(octets);
    for (unsigned i = 0; i < ARRAY_LEN(conns); i++)
        conns[i] = sample_conns[1];
    struct copy *c = copied();
    c->conf.conns = conns;
    c->conf.conn_count = SNAPSHOT_CONNS_MAX + 1;
    struct writer w = writer_of(octets, size), v = w;
    snapshot_write(&w, &c->conf, &sample_settings);
    bool refused = w.full;
    c->conf.conn_count = 0;
    snapshot_write(&v, &c->conf, &sample_settings);
    size_t head = written(&v);
    w = writer_of(octets, size);
    c->conf.conn_count = SNAPSHOT_CONNS_MAX;
    snapshot_write(&w, &c->conf, &sample_settings);
    struct snapshot_copy *s = snapshot_read(written_bytes(&w));
    bool whole = !w.full && s && same_conf(&c->conf, &s->conf);
    snapshot_free(s);
    write_bytes(&w, bytes_of(octets + head, (written(&w) - head) / SNAPSHOT_CONNS_MAX));
    write_u32_at(&w, head - 4, SNAPSHOT_CONNS_MAX + 1);
    write_u32_at(&w, 12, (u32)written(&w));
    s = snapshot_read(written_bytes(&w));
    refused = refused && !w.full && !s;
    snapshot_free(s);
    free(octets);
    CHECK(whole && refused);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

TEST(ten_thousand_connections)
{
    enum { COUNT = 10000 };
    static struct shrike_conn conns[COUNT];
    static char names[COUNT][8];
    struct shrike_conf conf = {
        .conns = conns, .conn_count = COUNT, .cookie_threshold = 30, .cookie_prefix_threshold = 3};
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "c%u", i);
        conns[i] = sample_conns[0];
        conns[i].name = names[i];
        conns[i].hash = i;
    }
    double t0 = seconds();
    int fd = snapshot_seal(&conf, &sample_settings);
    double t1 = seconds();
    struct snapshot_copy *s = snapshot_load(fd);
    double t2 = seconds();
    CHECK(s && same_conf(&conf, &s->conf));
    printf("# %lld octets, sealed in %.0f ms, loaded in %.0f ms\n",
           (long long)lseek(fd, 0, SEEK_END), 1e3 * (t1 - t0), 1e3 * (t2 - t1));
    snapshot_free(s);
    close(fd);
}

int main(void)
{
    return RUN(a_configuration_comes_back) | RUN(an_empty_configuration_comes_back) |
           RUN(nobody_can_change_it) | RUN(what_can_still_change_is_refused) |
           RUN(what_is_no_memory_file_is_refused) | RUN(what_is_above_a_cap_is_not_sealed) |
           RUN(what_the_engine_could_not_use_is_not_sealed) |
           RUN(a_wrong_count_of_connections_is_refused) |
           RUN(what_the_engine_could_not_use_is_not_read) | RUN(a_pool_that_cannot_be_is_not_read) |
           RUN(no_more_connections_than_the_cap) | RUN(ten_thousand_connections);
}
