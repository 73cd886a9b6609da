#include "names.h"

#include <stdio.h>

static const struct uuid kith_names = {{0x6b, 0x69, 0x74, 0x68, 0x2d, 0x6e,
                                        0x5a, 0x6d, 0x9e, 0x1c, 0x5f, 0x8a,
                                        0x03, 0xd7, 0x41, 0xb6}};

struct uuid name_id(struct span source, const char *kind, struct span key)
{
    char name[NAME_MOST_BYTES];
    int bytes = snprintf(name, sizeof name, "%.*s:%s:%.*s", SPAN_ARGS(source),
                         kind, SPAN_ARGS(key));

    if (bytes < 0)
        bytes = 0;
    if ((size_t)bytes >= sizeof name)
        bytes = sizeof name - 1;
    return uuid_v5(kith_names, (struct span){name, (size_t)bytes});
}
