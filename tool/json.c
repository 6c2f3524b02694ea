/* JSON (RFC 8259): see json.h. */
#include "tool/json.h"
#include "tool/show.h"

static void next(struct json *j, const char *key)
{
    if (j->more)
        fputs(j->line ? ", " : ",", j->out);
    if (j->depth && !j->line)
        fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    if (key)
        fprintf(j->out, "\"%s\": ", key);
    j->more = true;
}

void json_begin(struct json *j, const char *key, char open)
{
    next(j, key);
    putc(open, j->out);
    j->depth++;
    j->more = false;
}

void json_end(struct json *j, char close)
{
    ensure(j->depth > 0);
    j->depth--;
    if (j->more && !j->line)
        fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    putc(close, j->out);
    if (j->depth == 0)
        putc('\n', j->out);
    j->more = j->depth > 0;
}

/* Octets of the character that stands here in UTF-8 (RFC 3629 3), 0 when it is none, or a control
 * character in two octets (U+0080 to U+009F). */
static size_t utf8_length(struct bytes b)
{
    static const struct {
        u8 first, last, from, to; /* of the first octet; of the second */
    } rows[] = {{0xc2, 0xc2, 0xa0, 0xbf}, {0xc3, 0xdf, 0x80, 0xbf}, {0xe0, 0xe0, 0xa0, 0xbf},
                {0xe1, 0xec, 0x80, 0xbf}, {0xed, 0xed, 0x80, 0x9f}, {0xee, 0xef, 0x80, 0xbf},
                {0xf0, 0xf0, 0x90, 0xbf}, {0xf1, 0xf3, 0x80, 0xbf}, {0xf4, 0xf4, 0x80, 0x8f}};
    const u8 c = b.at[0];
    size_t len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    bool good = false;
    for (size_t i = 0; i < ARRAY_LEN(rows) && b.len >= len; i++)
        good |= c >= rows[i].first && c <= rows[i].last && b.at[1] >= rows[i].from &&
                b.at[1] <= rows[i].to;
    for (size_t i = 2; good && i < len; i++)
        good = (b.at[i] & 0xc0) == 0x80;
    return good ? len : 0;
}

void json_text(struct json *j, const char *key, struct bytes value)
{
    next(j, key);
    if (!value.at) {
        fputs("null", j->out);
        return;
    }
    putc('"', j->out);
    for (size_t i = 0; i < value.len;) {
        const u8 c = value.at[i];
        size_t n = c < 0x80 ? 1 : utf8_length(bytes_of(value.at + i, value.len - i));
        if (c == '"' || c == '\\')
            fprintf(j->out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(j->out, "\\u%04x", c);
        else if (n == 0)
            fputs("\\ufffd", j->out);
        else
            fwrite(value.at + i, 1, n, j->out);
        i += n ? n : 1;
    }
    putc('"', j->out);
}

void json_number(struct json *j, const char *key, struct bytes digits)
{
    u64 v;
    next(j, key);
    if (show_number(digits, &v))
        fprintf(j->out, "%llu", (unsigned long long)v);
    else
        fputs("null", j->out);
}

void json_u64(struct json *j, const char *key, u64 value)
{
    next(j, key);
    fprintf(j->out, "%llu", (unsigned long long)value);
}

void json_tenths(struct json *j, const char *key, u64 tenths)
{
    next(j, key);
    fprintf(j->out, "%llu.%llu", (unsigned long long)(tenths / 10),
            (unsigned long long)(tenths % 10));
}

void json_flag(struct json *j, const char *key, bool value)
{
    next(j, key);
    fputs(value ? "true" : "false", j->out);
}
