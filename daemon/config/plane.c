#include "config/plane.h"

#include "config/value.h"
#include <stdio.h>
#include <string.h>

/* ---- numbers ---- */

#define NUMBER_MAX 24 /* characters of one, with NUL */

static bool read_kind(const char *text, struct shrike_mark *out)
{
    static const struct {
        const char *text;
        enum shrike_mark_kind kind;
    } words[] = {{"%unique", SHRIKE_MARK_UNIQUE},
                 {"%unique-dir", SHRIKE_MARK_UNIQUE_DIR},
                 {"%same", SHRIKE_MARK_SAME}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i].text) == 0) {
            out->kind = (uint8_t)words[i].kind;
            return true;
        }
    return false;
}

bool plane_mark(const char *text, struct shrike_mark *out)
{
    char number[NUMBER_MAX];
    uint64_t value = 0, mask = UINT32_MAX;
    size_t len = strcspn(text, "/");
    *out = (struct shrike_mark){.kind = SHRIKE_MARK_FIXED};
    if (len >= sizeof(number) || (text[len] && !value_number(text + len + 1, UINT32_MAX, &mask)))
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    if (!read_kind(number, out) && !value_number(number, UINT32_MAX, &value))
        return false;
    out->mask = (uint32_t)mask;
    out->value = (uint32_t)(value & mask);
    return true;
}

static bool is_unique(const struct shrike_mark *m)
{
    return m->kind != SHRIKE_MARK_FIXED && m->kind != SHRIKE_MARK_SAME;
}

/* Does it change anything? Value 0 with a mask is for packets without a mark. */
static bool is_asked(const struct shrike_mark *m)
{
    return m->kind != SHRIKE_MARK_FIXED || m->mask != 0;
}

static void bad_mark(struct compile *c, const struct value *v, const char *words)
{
    report_error(c->report, v->origin, "%s = %s: a number such as 42 or 0x2a/0xff, %s is wanted",
                 v->key, v->text, words);
}

/* Of packets that are looked at. */
static void read_mark(struct compile *c, const struct section *s, const char *key,
                      struct shrike_mark *out)
{
    const struct value *v = value_find(s, key);
    if (!v || !v->text)
        return;
    if (!plane_mark(v->text, out) || out->kind == SHRIKE_MARK_SAME)
        bad_mark(c, v, "%unique or %unique-dir");
    else if (is_unique(out) && (out->mask & MARK_ROOM_MIN) != MARK_ROOM_MIN)
        report_error(c->report, v->origin,
                     "%s = %s: a mask for it has at least the bits 0x%x: numbers go there", key,
                     v->text, MARK_ROOM_MIN);
}

/* Of packets that get one. */
static void read_set_mark(struct compile *c, const struct section *s, const char *key,
                          struct shrike_mark *out)
{
    const struct value *v = value_find(s, key);
    if (v && v->text && (!plane_mark(v->text, out) || is_unique(out)))
        bad_mark(c, v, "or %same");
}

/* ---- XFRM interfaces ---- */

/* 0 is none. */
static void read_if_id(struct compile *c, const struct section *s, const char *key,
                       struct shrike_mark *out)
{
    const struct value *v = s ? value_find(s, key) : NULL;
    struct shrike_mark m;
    if (!v || !v->text)
        return;
    if (strchr(v->text, '/') || !plane_mark(v->text, &m) || m.kind == SHRIKE_MARK_SAME)
        report_error(c->report, v->origin, "%s = %s: a number, %%unique or %%unique-dir is wanted",
                     key, v->text);
    else if (m.kind != SHRIKE_MARK_FIXED || m.value != 0)
        *out = m;
}

/* That of its connection (NULL: none), unless it has its own. */
static void read_if_ids(struct compile *c, const struct section *conn, const struct section *s,
                        struct shrike_plane_conf *out)
{
    static const char *const keys[] = {"if_id_in", "if_id_out"};
    struct shrike_mark *both[] = {&out->if_id_in, &out->if_id_out};
    for (size_t i = 0; i < 2; i++) {
        struct shrike_mark m = {.mask = 0};
        read_if_id(c, conn, keys[i], &m);
        if (m.kind == SHRIKE_MARK_UNIQUE)
            m.kind = SHRIKE_MARK_UNIQUE_PEER;
        else if (m.kind == SHRIKE_MARK_UNIQUE_DIR)
            m.kind = SHRIKE_MARK_UNIQUE_PEER_DIR;
        read_if_id(c, s, keys[i], &m);
        *both[i] = m;
    }
}

/* A name of a device: no blanks and no slash, as the system has it. */
static void read_link(struct compile *c, const struct section *s, struct shrike_plane_conf *out)
{
    const struct value *v = value_find(s, "xfrm_interface");
    if (!v || !v->text || !*v->text)
        return;
    if (strlen(v->text) > SHRIKE_LINK_MAX || strpbrk(v->text, " \t/:%") ||
        strcmp(v->text, ".") == 0 || strcmp(v->text, "..") == 0)
        report_error(c->report, v->origin,
                     "xfrm_interface = %s: a name of at most %d characters is wanted", v->text,
                     SHRIKE_LINK_MAX);
    else if (out->if_id_out.kind != SHRIKE_MARK_FIXED || out->if_id_out.mask == 0)
        report_error(c->report, v->origin,
                     "xfrm_interface = %s: it needs if_id_out, and that a number", v->text);
    else
        out->link = compile_text(c, v->text);
}

/* ---- the outer header, offload, priority ---- */

static void read_copies(struct compile *c, const struct section *s, struct shrike_plane_conf *out)
{
    bool df = true, ecn = true;
    const char *text = section_text(s, "copy_dscp");
    compile_bool(c, s, "copy_df", &df);
    compile_bool(c, s, "copy_ecn", &ecn);
    out->lose_df = !df;
    out->lose_ecn = !ecn;
    if (!text || strcmp(text, "out") == 0)
        return;
    bool both = false, in = strcmp(text, "in") == 0;
    if (!in && !value_bool(text, &both)) {
        report_error(c->report, compile_place(c, s, "copy_dscp"),
                     "copy_dscp = %s: out, in, yes or no is wanted", text);
        return;
    }
    out->take_dscp = in || both;
    out->lose_dscp = !both;
}

static void read_offload(struct compile *c, const struct section *s, struct shrike_plane_conf *out)
{
    const char *text = section_text(s, "hw_offload");
    bool none;
    if (!text || (value_bool(text, &none) && !none))
        return;
    out->packet = strcmp(text, "packet") == 0;
    out->must_offload = out->packet || strcmp(text, "crypto") == 0 || strcmp(text, "yes") == 0;
    out->offload = out->must_offload || strcmp(text, "auto") == 0;
    if (!out->offload)
        report_error(c->report, compile_place(c, s, "hw_offload"),
                     "hw_offload = %s: no, auto, crypto or packet is wanted", text);
}

/* ---- what does not go together ---- */

/* Nobody would know by which number a packet meets the trap. */
static void check_traps(struct compile *c, const struct section *s,
                        const struct shrike_child_conf *out)
{
    const struct shrike_plane_conf *p = &out->plane;
    bool traps = (out->start & SHRIKE_START_TRAP) || out->dpd_action == SHRIKE_START_TRAP ||
                 out->close_action == SHRIKE_START_TRAP;
    bool unique = is_unique(&p->mark_out) || is_unique(&p->if_id_out);
    if (traps && unique && c->config->settings.plane & PLANE_KERNEL)
        compile_leave(c, compile_place(c, s, is_unique(&p->mark_out) ? "mark_out" : "if_id_out"),
                      "%%unique and a trap: a packet that is to meet it needs a number that is "
                      "known: write one");
}

/* A rule of routing beside the policy does not know of them, and it would let more pass. */
static void check_shunt(struct compile *c, const struct section *s,
                        const struct shrike_plane_conf *p)
{
    bool asked = is_asked(&p->mark_in) || is_asked(&p->mark_out) || is_asked(&p->if_id_in) ||
                 is_asked(&p->if_id_out) || is_asked(&p->set_mark_in) || is_asked(&p->set_mark_out);
    if (asked)
        compile_leave(c, s->origin, "marks and interfaces of a shunt are not built");
}

static void only_kernel(struct compile *c, const struct section *s, const char *key, bool asked)
{
    if (asked)
        report_warning(c->report, compile_place(c, s, key),
                       "%s: only with the kernel's data plane: ignored", key);
}

/* Packets without a mark are those that the data plane in user space takes: 0 asks for nothing. */
static bool asks(const struct shrike_mark *m)
{
    return m->kind != SHRIKE_MARK_FIXED || m->value != 0;
}

static void check_user_plane(struct compile *c, const struct section *s,
                             struct shrike_plane_conf *p)
{
    only_kernel(c, s, "mark_in", asks(&p->mark_in));
    only_kernel(c, s, "mark_in_sa", p->mark_in_sa);
    only_kernel(c, s, "mark_out", asks(&p->mark_out));
    only_kernel(c, s, "set_mark_in", asks(&p->set_mark_in));
    only_kernel(c, s, "set_mark_out", asks(&p->set_mark_out));
    only_kernel(c, s, "if_id_in", asks(&p->if_id_in));
    only_kernel(c, s, "if_id_out", asks(&p->if_id_out));
    only_kernel(c, s, "xfrm_interface", p->link != NULL);
    only_kernel(c, s, "priority", p->priority != 0);
    only_kernel(c, s, "policies", p->no_policies);
    only_kernel(c, s, "hw_offload", p->offload);
    p->link = NULL;
}

void compile_handling(struct compile *c, const struct section *conn, const struct section *s,
                      struct shrike_child_conf *out)
{
    struct shrike_plane_conf *p = &out->plane;
    uint64_t priority = 0;
    bool policies = true;
    read_mark(c, s, "mark_in", &p->mark_in);
    read_mark(c, s, "mark_out", &p->mark_out);
    read_set_mark(c, s, "set_mark_in", &p->set_mark_in);
    read_set_mark(c, s, "set_mark_out", &p->set_mark_out);
    read_if_ids(c, out->mode < SHRIKE_PASS ? conn : NULL, s, p);
    read_link(c, s, p);
    read_copies(c, s, p);
    read_offload(c, s, p);
    compile_bool(c, s, "mark_in_sa", &p->mark_in_sa);
    compile_bool(c, s, "policies", &policies);
    compile_number(c, s, "priority", UINT32_MAX, &priority);
    p->priority = (uint32_t)priority;
    p->no_policies = !policies;
    if (out->mode >= SHRIKE_PASS)
        check_shunt(c, s, p);
    else
        check_traps(c, s, out);
    if (!(c->config->settings.plane & PLANE_KERNEL))
        check_user_plane(c, s, p);
}
