/* Snapshots and secrets on their way: see publish.h. */
#include "control/publish.h"
#include "base/ct.h"
#include "control/control.h"
#include "ops/radiusfile.h"
#include "ops/snapshot.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET_OCTETS 65536 /* of one secret with its identities, written */
#define SEALED        (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define BIT(role)     (1u << (role))

static void late(void *ctx)
{
    struct control *c = ctx;
    c->publish.held = c->publish.soon = false; /* the settling of this turn does the rest */
}

void publish_open(struct control *c)
{
    struct publish *p = &c->publish;
    *p = (struct publish){.snapshot = -1,
                          .secrets = -1,
                          .privates = -1,
                          .radius = -1,
                          .trust = -1,
                          .late = {.ring = late, .ctx = c}};
    p->held = !c->seat->options->check_only;
    if (p->held)
        loop_alarm(c->seat->loop, &p->late, loop_now(c->seat->loop) + PUBLISH_WAIT);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void publish_close(struct control *c)
{
    loop_disarm(c->seat->loop, &c->publish.late);
    close_fd(&c->publish.snapshot);
    close_fd(&c->publish.secrets);
    close_fd(&c->publish.privates);
    close_fd(&c->publish.trust);
    close_fd(&c->publish.radius);
}

void publish_release(struct control *c)
{
    if (!c->publish.held)
        return;
    c->publish.held = false;
    loop_disarm(c->seat->loop, &c->publish.late);
}

void publish_soon(struct control *c)
{
    struct publish *p = &c->publish;
    if (p->held || p->soon)
        return;
    const struct config *files = c->model.files;
    u64 count = c->model.loaded_count + (files ? files->conf.conn_count : 0);
    p->soon = true;
    loop_alarm(c->seat->loop, &p->late,
               loop_now(c->seat->loop) + PUBLISH_SOON + count * PUBLISH_EACH);
}

void publish_now(struct control *c)
{
    c->publish.soon = false;
    (void)publish_settle(c);
}

bool publish_has(const struct control *c, enum role r)
{
    return c->publish.has & BIT(r);
}

void publish_gone(struct control *c, enum role r)
{
    c->publish.has &= ~BIT(r);
}

/* ---- the snapshot ---- */

static void seal(struct control *c)
{
    const struct config *config = control_config(c);
    if (!config)
        return;
    int fd = snapshot_seal(&config->conf, &config->settings);
    c->model.dirty = false;
    if (fd < 0) {
        control_say(c, SHRIKE_ERROR,
                    "the configuration is too large to be handed on; the others "
                    "go on with the one they have");
        return;
    }
    close_fd(&c->publish.snapshot);
    c->publish.snapshot = fd;
    c->publish.has &= BIT(ROLE_CERTS) | BIT(ROLE_EAP);
}

static void send_snapshot(struct control *c, enum role to)
{
    struct publish *p = &c->publish;
    if (p->has & BIT(to) || !seat_has(c->seat, to))
        return;
    if (seat_send_fd(c->seat, to, MAIL_SNAPSHOT, bytes_of(NULL, 0), p->snapshot))
        p->has |= BIT(to);
}

/* ---- trust ---- */

void publish_trust(struct control *c, int fd)
{
    if (fd < 0) {
        control_say(c, SHRIKE_ERROR,
                    "there is no memory to hand on whom the files trust; certs goes on with what "
                    "it has");
        return;
    }
    close_fd(&c->publish.trust);
    c->publish.trust = fd;
    c->publish.has &= ~BIT(ROLE_CERTS);
}

static void send_trust(struct control *c)
{
    struct publish *p = &c->publish;
    if (p->trust < 0 || p->has & BIT(ROLE_CERTS) || !seat_has(c->seat, ROLE_CERTS))
        return;
    if (seat_send_fd(c->seat, ROLE_CERTS, MAIL_TRUST, bytes_of(NULL, 0), p->trust))
        p->has |= BIT(ROLE_CERTS);
}

/* ---- servers of RADIUS ---- */

/* The descriptor stays here, for the next eap: in our memory their secrets are not. */
static void publish_radius(struct control *c)
{
    int fd = radius_seal_file(c->model.files->radius);
    if (fd < 0) {
        control_say(c, SHRIKE_ERROR, "there is no memory to hand on the servers of RADIUS");
        return;
    }
    close_fd(&c->publish.radius);
    c->publish.radius = fd;
    c->publish.has &= ~BIT(ROLE_EAP);
}

static void send_radius(struct control *c)
{
    struct publish *p = &c->publish;
    if (p->radius < 0 || p->has & BIT(ROLE_EAP) || !seat_has(c->seat, ROLE_EAP))
        return;
    if (seat_send_fd(c->seat, ROLE_EAP, MAIL_RADIUS, bytes_of(NULL, 0), p->radius))
        p->has |= BIT(ROLE_EAP);
}

/* ---- secrets ---- */

/* One secret, with its length in front. */
static bool append(int fd, const struct config_secret *s, u8 *octets)
{
    struct mail_secret m = {.kind = s->kind,
                            .name = bytes_of(s->name, strlen(s->name)),
                            .secret = s->secret,
                            .id_count = s->id_count};
    struct writer w = writer_of(octets, SECRET_OCTETS);
    if (s->id_count > MAIL_SECRET_IDS)
        return false;
    memcpy(m.ids, s->ids, s->id_count * sizeof m.ids[0]);
    write_u32(&w, 0);
    secret_write(&w, &m);
    if (w.full)
        return false;
    write_u32_at(&w, 0, (u32)(written(&w) - 4));
    struct bytes all = written_bytes(&w);
    bool good = write(fd, all.at, all.len) == (ssize_t)all.len;
    wipe(octets, all.len);
    return good;
}

/* All secrets of the files in a sealed memory file; -1: the system refuses. */
static int seal_secrets(struct control *c, const struct config *files)
{
    int fd = memfd_create("shrike-secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    u8 *octets = malloc(SECRET_OCTETS);
    for (u32 i = 0; fd >= 0 && octets && i < files->secret_count; i++)
        if (!append(fd, &files->secrets[i], octets))
            control_say(c, SHRIKE_ERROR,
                        "%s:%u: secret %s has too many identities, or there is no "
                        "memory: it cannot be used",
                        files->secrets[i].origin.file, files->secrets[i].origin.line,
                        files->secrets[i].name);
    if (fd >= 0 && (!octets || fcntl(fd, F_ADD_SEALS, SEALED) != 0))
        close_fd(&fd);
    free(octets);
    return fd;
}

void publish_privates(struct control *c, int fd)
{
    close_fd(&c->publish.privates);
    c->publish.privates = fd;
    if (fd < 0)
        control_say(c, SHRIKE_ERROR, "there is no memory to hand on the private keys");
}

void publish_secrets(struct control *c)
{
    creds_read(c, c->model.files);
    close_fd(&c->publish.secrets);
    c->publish.secrets = seal_secrets(c, c->model.files);
    if (c->publish.secrets < 0)
        control_say(c, SHRIKE_ERROR, "there is no memory to hand on the secrets");
    shared_note(c, c->model.files);
    publish_radius(c);
    config_forget_secrets(c->model.files);
}

/* With the secrets keys is ready: what it signs by goes first. */
static void send_secrets(struct control *c)
{
    static const u8 source = SECRET_FILES;
    struct publish *p = &c->publish;
    if (p->privates >= 0 &&
        seat_send_fd(c->seat, ROLE_KEYS, MAIL_PRIVATES, bytes_of(&source, 1), p->privates))
        close_fd(&p->privates);
    if (p->privates < 0 && p->secrets >= 0 &&
        seat_send_fd(c->seat, ROLE_KEYS, MAIL_SECRETS, bytes_of(&source, 1), p->secrets))
        close_fd(&p->secrets);
}

/* ---- all of it ---- */

bool publish_settle(struct control *c)
{
    struct publish *p = &c->publish;
    if (!p->held && !p->soon && c->model.dirty)
        seal(c);
    if (p->snapshot >= 0) {
        send_snapshot(c, ROLE_PARENT);
        send_snapshot(c, ROLE_KEYS); /* before those who will need it have it */
        send_snapshot(c, ROLE_ESP);
        send_snapshot(c, ROLE_NET);
    }
    send_secrets(c);
    objects_settle(c);
    send_trust(c);
    send_radius(c);
    return c->model.dirty;
}
