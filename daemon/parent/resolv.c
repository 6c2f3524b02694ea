/* DNS servers in a text like resolv.conf: see resolv.h. */
#include "parent/resolv.h"
#include "base/text.h"

static const char first[] =
    "# DNS servers of VPN gateways, set by shriked; the rest is as it was\n";
static const char last[] = "# end of the DNS servers set by shriked\n";

static void put(struct writer *w, const char *text)
{
    write_bytes(w, bytes_of(text, strlen(text)));
}

void resolv_servers(struct writer *w, const struct shrike_addr *servers, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        char at[64];
        struct text t = text_of(at, sizeof at);
        text_str(&t, "nameserver ");
        text_addr(&t, servers[i].octets, servers[i].family);
        text_char(&t, '\n');
        put(w, at);
    }
}

/* Where this line begins; the end of the text when it is not there. */
static size_t find_line(struct bytes text, size_t from, const char *line)
{
    size_t len = strlen(line);
    for (size_t at = from; at + len <= text.len; at++)
        if ((at == 0 || text.at[at - 1] == '\n') && memcmp(text.at + at, line, len) == 0)
            return at;
    return text.len;
}

void resolv_edit(struct writer *w, struct bytes old, const struct shrike_addr *servers, u32 count)
{
    if (count > 0) {
        put(w, first);
        resolv_servers(w, servers, count);
        put(w, last);
    }
    size_t begin = find_line(old, 0, first);
    size_t end = find_line(old, begin, last);
    if (end == old.len) { /* our last line is gone: nobody knows what is ours */
        write_bytes(w, old);
        return;
    }
    end += strlen(last);
    write_bytes(w, bytes_of(old.at, begin));
    write_bytes(w, bytes_of(old.at + end, old.len - end));
}
