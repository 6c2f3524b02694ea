/* Reading the files again: see reload.h. */
#include "control/reload.h"
#include "config/diff.h"
#include "control/control.h"
#include <stdio.h>

#define ANSWER_FULL 400000 /* octets of an answer, which has 512 KiB: no connections beyond */

struct config_files reload_from(const struct control *c)
{
    const struct options *o = c->seat->options;
    return (struct config_files){.config = o->config, .foreign = o->foreign, .kernel = o->kernel};
}

static void refused(struct control *c)
{
    control_say(c, SHRIKE_ERROR, "the files have %u errors: %s", c->report.errors,
                c->model.files ? "the configuration stays as it is" : "there is no configuration");
}

/* What was looked at is what holds now. */
static void take(struct control *c, struct config *files, const struct diff *d)
{
    control_say(c, SHRIKE_NOTICE,
                "the files were read again: connections added %u, removed %u, changed %u, as they "
                "were %u, left out %u",
                d->added, d->removed, d->changed, d->unchanged, files->left_out);
    model_take(&c->model, files);
    sinks_use(&c->sinks, &c->model.files->settings, c->log.levels);
    publish_secrets(c);
}

bool reload_files(struct control *c)
{
    const struct config_files from = reload_from(c);
    struct config *files = model_look(&c->model, &from, &c->report);
    struct diff d;
    control_say_report(c, &c->report, false);
    if (!files) {
        refused(c);
        return false;
    }
    diff_make(&d, c->model.files, files);
    take(c, files, &d);
    diff_free(&d);
    return true;
}

/* ---- the command ---- */

static void put_lines(struct vici_writer *w, const char *list, const struct config_report *r,
                      bool errors)
{
    char text[REPORT_FILE + REPORT_TEXT + 32];
    vici_list_begin(w, list);
    for (u32 i = 0; i < r->count; i++) {
        const struct config_line *l = &r->lines[i];
        if (l->error != errors)
            continue;
        if (l->line)
            snprintf(text, sizeof text, "%s:%u: %s", l->file, l->line, l->text);
        else
            snprintf(text, sizeof text, "%s: %s", l->file, l->text);
        vici_list_put(w, bytes_of(text, strlen(text)));
    }
    vici_list_end(w);
}

/* "children.net.rekey_time"; of a whole section "children.net". */
static void put_key(struct vici_writer *w, const struct diff_key *k)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", k->section, *k->section && *k->key ? "." : "", k->key);
    vici_list_put(w, bytes_of(text, strlen(text)));
}

static const char *const changes[] = {
    [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"};

/* Three lists, of which the empty ones are left out. */
static void put_keys(struct vici_writer *w, const struct diff_key *keys, u32 count)
{
    for (enum diff_change change = DIFF_ADDED; change <= DIFF_CHANGED; change++) {
        bool any = false;
        for (u32 i = 0; i < count; i++) {
            if (keys[i].change != change)
                continue;
            if (!any)
                vici_list_begin(w, changes[change]);
            any = true;
            put_key(w, &keys[i]);
        }
        if (any)
            vici_list_end(w);
    }
}

static void put_diff(struct vici_writer *w, const struct diff *d)
{
    u32 told = 0;
    vici_put_u64(w, "added", d->added);
    vici_put_u64(w, "removed", d->removed);
    vici_put_u64(w, "changed", d->changed);
    vici_put_u64(w, "unchanged", d->unchanged);
    vici_begin(w, "settings");
    put_keys(w, d->settings, d->setting_count);
    vici_end(w);
    vici_begin(w, "connections");
    for (; told < d->conn_count && written(&w->w) < ANSWER_FULL; told++) {
        const struct diff_conn *c = &d->conns[told];
        vici_begin(w, c->name);
        vici_put_text(w, "change", changes[c->change]);
        put_keys(w, c->keys, c->key_count);
        vici_end(w);
    }
    vici_end(w);
    vici_put_u64(w, "untold", d->added + d->removed + d->changed - told);
}

enum vici_reply reload_command(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct control *c = ctx;
    const struct config_files from = reload_from(c);
    bool dry = vici_value_is(r->message, "dry-run", "yes");
    struct config *files = model_look(&c->model, &from, &c->report);
    struct diff d;
    vici_put_text(answer, "success", files ? "yes" : "no");
    if (!files)
        vici_put_text(answer, "errmsg", "the files have errors: the configuration stays as it is");
    vici_put_text(answer, "dry-run", dry ? "yes" : "no");
    put_lines(answer, "errors", &c->report, true);
    put_lines(answer, "warnings", &c->report, false);
    if (!dry)
        control_say_report(c, &c->report, false);
    if (!files) {
        if (!dry)
            refused(c);
        return VICI_REPLY_NOW;
    }
    diff_make(&d, c->model.files, files);
    vici_put_u64(answer, "left-out", files->left_out);
    put_diff(answer, &d);
    if (dry)
        config_free(files);
    else
        take(c, files, &d);
    diff_free(&d);
    return VICI_REPLY_NOW;
}
