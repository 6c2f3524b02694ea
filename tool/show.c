/* Values as people read them: see show.h. */
#include "tool/show.h"
#include <time.h>

static bool printable(u8 c)
{
    return c >= 0x20 && c < 0x7f;
}

void show_safe(struct text *t, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        if (printable(b.at[i])) {
            text_char(t, (char)b.at[i]);
        } else {
            text_str(t, "\\x");
            text_hex(t, b.at[i], 2);
        }
    }
}

void show_to(FILE *f, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        if (printable(b.at[i]))
            putc(b.at[i], f);
        else
            fprintf(f, "\\x%02x", b.at[i]);
    }
}

size_t show_columns(struct bytes word)
{
    size_t n = 0;
    for (size_t i = 0; i < word.len; i++)
        n += printable(word.at[i]) ? 1 : 4;
    return n;
}

void show_words(FILE *f, struct bytes b, unsigned indent, unsigned width)
{
    size_t column = indent;
    for (size_t i = 0; i < b.len;) {
        const u8 *blank = memchr(b.at + i + 1, ' ', b.len - i - 1);
        size_t end = blank ? (size_t)(blank - b.at) : b.len;
        size_t skip = b.at[i] == ' ' && i > 0; /* the blank in front */
        struct bytes word = bytes_of(b.at + i, end - i);
        if (width && skip && column + show_columns(word) > width) {
            fprintf(f, "\n%*s", (int)indent, "");
            word = bytes_of(b.at + i + 1, end - i - 1);
            column = indent;
        }
        show_to(f, word);
        column += show_columns(word);
        i = end;
    }
}

struct bytes show_piece(struct bytes *rest, size_t columns)
{
    const struct bytes all = *rest;
    size_t fits = 0, end = 0, used = 0; /* octets; those of whole words; columns */
    if (all.len == 0)                   /* perhaps of nowhere */
        return all;
    for (; fits < all.len; fits++) {
        used += printable(all.at[fits]) ? 1 : 4;
        if (used > columns)
            break;
        end = all.at[fits] == ' ' ? fits : end;
    }
    if (fits == all.len || all.at[fits] == ' ' || end == 0)
        end = MAX(fits, MIN(all.len, (size_t)1));
    const size_t skip = end < all.len && all.at[end] == ' ';
    *rest = bytes_of(all.at + end + skip, all.len - end - skip);
    return bytes_of(all.at, end);
}

void show_octets(struct text *t, u64 octets)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    unsigned unit = 0;
    u64 tenths = 0; /* of the unit, beyond `octets` */
    while (octets >= 1000) {
        tenths = octets % 1024 * 10 / 1024;
        octets /= 1024;
        unit++;
    }
    text_u64(t, octets);
    if (unit > 0 && octets < 100) {
        text_char(t, '.');
        text_u64(t, tenths);
    }
    text_str(t, units[unit]);
}

static void two(struct text *t, u64 big, char big_unit, u64 small, char small_unit)
{
    text_u64(t, big);
    text_char(t, big_unit);
    if (small) {
        text_u64(t, small);
        text_char(t, small_unit);
    }
}

void show_age(struct text *t, u64 seconds)
{
    const u64 minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (minutes == 0)
        two(t, seconds, 's', 0, 0);
    else if (hours == 0)
        two(t, minutes, 'm', 0, 0);
    else if (days == 0)
        two(t, hours, 'h', minutes % 60, 'm');
    else
        two(t, days, 'd', hours % 24, 'h');
}

void show_time(struct text *t, u64 seconds)
{
    char at[32];
    struct tm broken;
    const time_t when = (time_t)seconds;
    if (seconds > INT32_MAX * 100ull || !localtime_r(&when, &broken) ||
        strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S", &broken) == 0)
        return;
    text_str(t, at);
}

bool show_number(struct bytes b, u64 *out)
{
    u64 v = 0;
    for (size_t i = 0; i < b.len; i++) {
        unsigned digit = (unsigned)b.at[i] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return b.len > 0;
}

const char *paint_on(enum paint p, bool colour)
{
    if (!colour)
        return "";
    switch (p) {
    case PAINT_NONE:
        return "";
    case PAINT_GOOD:
        return "\033[32m";
    case PAINT_BAD:
        return "\033[31m";
    case PAINT_WAIT:
        return "\033[33m";
    case PAINT_DIM:
        return "\033[2m";
    case PAINT_HEAD:
        return "\033[1m";
    }
    return "";
}

const char *paint_off(enum paint p, bool colour)
{
    return colour && p != PAINT_NONE ? "\033[0m" : "";
}
