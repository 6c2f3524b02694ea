/* Lines of the log as they are written: see format.h. */
#include "control/format.h"
#include "control/render.h"
#include "proc/line.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TIME_MAX 128

/* By the names that syslog has for them, RFC 5424 6.2.1. */
static unsigned severity(enum shrike_level level)
{
    static const u8 all[] = {[SHRIKE_ERROR] = 3,
                             [SHRIKE_WARNING] = 4,
                             [SHRIKE_NOTICE] = 5,
                             [SHRIKE_INFO] = 6,
                             [SHRIKE_DEBUG] = 7};
    return level < ARRAY_LEN(all) ? all[level] : 7;
}

static void put_time(struct text *t, const struct settings_log *conf, u64 when_us)
{
    char at[TIME_MAX], ms[8];
    time_t seconds = (time_t)(when_us / 1000000);
    struct tm tm;
    if (!conf->time_format[0] || !localtime_r(&seconds, &tm))
        return;
    size_t len = strftime(at, sizeof at, conf->time_format, &tm);
    if (!len)
        return;
    text_safe(t, bytes_of(at, len));
    snprintf(ms, sizeof ms, ".%03u", (unsigned)(when_us / 1000 % 1000));
    text_str(t, conf->time_ms ? ms : "");
    text_char(t, ' ');
}

/* "IKE error: the text", with what the configuration wants before it. */
static void put_body(struct text *t, const struct settings_log *conf, const struct log_line *line)
{
    text_str(t, log_group_name(line->group));
    if (conf->log_level)
        text_u64(t, log_vici_level(line->level));
    text_char(t, ' ');
    if (conf->ike_name && (line->ike || line->conn[0])) {
        text_char(t, '<');
        render_name(t, line->conn);
        text_char(t, '|');
        text_u64(t, line->ike);
        text_str(t, "> ");
    }
    if (line->level <= SHRIKE_WARNING) {
        text_str(t, line_level(line->level));
        text_str(t, ": ");
    }
    text_str(t, line->text);
}

/* Whatever did not fit, a line ends. */
static void put_end(struct text *t)
{
    if (t->cut && t->len > 1)
        t->len -= 1;
    t->cut = false;
    text_char(t, '\n');
}

void format_text(struct text *t, const struct settings_log *conf, const struct log_line *line)
{
    put_time(t, conf, line->when_us);
    put_body(t, conf, line);
    put_end(t);
}

/* ---- JSON ---- */

static void put_string(struct text *t, const char *value)
{
    text_char(t, '"');
    for (; *value; value++) {
        const unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\')
            text_char(t, '\\');
        if (c >= ' ' && c < 0x7f) {
            text_char(t, (char)c);
        } else {
            text_str(t, "\\u00");
            text_hex(t, c, 2);
        }
    }
    text_char(t, '"');
}

static void put_member(struct text *t, const char *name, const char *value)
{
    if (!value[0])
        return;
    text_str(t, ",\"");
    text_str(t, name);
    text_str(t, "\":");
    put_string(t, value);
}

static void put_number(struct text *t, const char *name, u64 value)
{
    if (!value)
        return;
    text_str(t, ",\"");
    text_str(t, name);
    text_str(t, "\":");
    text_u64(t, value);
}

/* A name as it stands in the text of lines: printable. */
static const char *safe_name(char out[4 * LOG_CONN_MAX], const char *name)
{
    struct text t = text_of(out, 4 * LOG_CONN_MAX);
    render_name(&t, name);
    return out;
}

/* "192.0.2.1:500"; nothing where it is not known. */
static const char *address(char out[80], const struct shrike_endpoint *e)
{
    struct text t = text_of(out, 80);
    if (e->family && e->port)
        render_endpoint(&t, e);
    else if (e->family)
        text_addr(&t, e->octets, e->family);
    return out;
}

/* RFC 3339, in UTC: what reads it need not know where we are. */
static void put_when(struct text *t, u64 when_us)
{
    char at[TIME_MAX];
    time_t seconds = (time_t)(when_us / 1000000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        return;
    size_t len = strftime(at, sizeof at, "%FT%T", &tm);
    snprintf(at + len, sizeof at - len, ".%06uZ", (unsigned)(when_us % 1000000));
    text_str(t, at);
}

void format_json(struct text *t, const struct log_line *line)
{
    char name[4 * LOG_CONN_MAX], at[80];
    text_str(t, "{\"time\":\"");
    put_when(t, line->when_us);
    text_char(t, '"');
    put_member(t, "level", line_level(line->level));
    put_member(t, "group", log_group_name(line->group));
    if (line->event != SHRIKE_EVENT_NONE)
        put_member(t, "event", shrike_event_name(line->event));
    put_member(t, "connection", safe_name(name, line->conn));
    put_number(t, "ike", line->ike);
    put_member(t, "child", safe_name(name, line->child_conf));
    put_number(t, "child_sa", line->child);
    put_member(t, "local", address(at, &line->local));
    put_member(t, "remote", address(at, &line->remote));
    if (line->reason != SHRIKE_REASON_NONE)
        put_member(t, "reason", shrike_reason_name(line->reason));
    text_str(t, ",\"text\":");
    put_string(t, line->text);
    text_char(t, '}');
    put_end(t);
}

/* ---- datagrams ---- */

void format_syslog(struct text *t, const struct settings_log *conf, const char *identifier,
                   const struct log_line *line)
{
    char at[TIME_MAX];
    time_t seconds = (time_t)(line->when_us / 1000000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm) || !strftime(at, sizeof at, "%b %e %T", &tm))
        return;
    text_char(t, '<');
    text_u64(t, conf->facility * 8u + severity(line->level));
    text_char(t, '>');
    text_str(t, at);
    text_char(t, ' ');
    text_str(t, identifier);
    text_char(t, '[');
    text_u64(t, (u64)getpid());
    text_str(t, "]: ");
    if (conf->json)
        format_json(t, line);
    else
        put_body(t, conf, line);
}

static void put_field(struct text *t, const char *name, const char *value)
{
    if (!value[0])
        return;
    text_str(t, name);
    text_char(t, '=');
    text_str(t, value);
    text_char(t, '\n');
}

static void put_field_number(struct text *t, const char *name, u64 value)
{
    char at[24];
    struct text number = text_of(at, sizeof at);
    text_u64(&number, value);
    put_field(t, name, value ? at : "");
}

void format_journal(struct text *t, const char *identifier, const struct log_line *line)
{
    char name[4 * LOG_CONN_MAX], at[80];
    const struct settings_log plain = {.kind = LOG_TO_STDERR};
    put_field_number(t, "PRIORITY", severity(line->level));
    put_field(t, "SYSLOG_IDENTIFIER", identifier);
    put_field(t, "SHRIKE_GROUP", log_group_name(line->group));
    if (line->event != SHRIKE_EVENT_NONE)
        put_field(t, "SHRIKE_EVENT", shrike_event_name(line->event));
    put_field(t, "SHRIKE_CONNECTION", safe_name(name, line->conn));
    put_field_number(t, "SHRIKE_IKE", line->ike);
    put_field(t, "SHRIKE_CHILD", safe_name(name, line->child_conf));
    put_field_number(t, "SHRIKE_CHILD_SA", line->child);
    put_field(t, "SHRIKE_LOCAL", address(at, &line->local));
    put_field(t, "SHRIKE_REMOTE", address(at, &line->remote));
    if (line->reason != SHRIKE_REASON_NONE)
        put_field(t, "SHRIKE_REASON", shrike_reason_name(line->reason));
    text_str(t, "MESSAGE=");
    put_body(t, &plain, line);
    put_end(t);
}
