/*
 * problem.h -- the one way an error reaches a client: RFC 9457 answers.
 *
 * Codes  problems.def is the only list; the enums, words, titles and statuses
 *        come from it, and the API reference is checked against it.
 * Rule   `detail` is a sentence for the client's developer, written by us: no
 *        err.what, no text of a library.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "web/http.h"

enum problem_code {
#define PROBLEM(code, status, title) PROBLEM_##code,
#define REJECTION(code, detail)
#include "web/problems.def"
#undef PROBLEM
#undef REJECTION
    PROBLEM_CODES,
};

enum rejection {
#define PROBLEM(code, status, title)
#define REJECTION(code, detail) REJECTION_##code,
#include "web/problems.def"
#undef PROBLEM
#undef REJECTION
    REJECTIONS,
};

const char *problem_word(enum problem_code code);
const char *problem_title(enum problem_code code);
int problem_status(enum problem_code code);
const char *rejection_word(enum rejection why);
const char *rejection_detail(enum rejection why);

/* One fault inside the body. `code` is a word of either list. */
struct problem_fault {
    struct span pointer; /* JSON pointer, "" is the whole body */
    const char *code;
    const char *detail;
};

/* Zero and NULL leave a member out. */
struct problem {
    enum problem_code code;
    const char *detail;
    const char *request_id;
    const struct problem_fault *faults;
    size_t fault_count;
    uint32_t retry_after_s; /* also as the header Retry-After */
    uint64_t most_bytes;    /* the limits a 413 was measured by */
    uint64_t most_events;
    const char *allow;       /* header Allow of a 405 */
    const char *accept_post; /* header Accept-Post of a 415 */
};

/*
 * Replaces whatever the reply holds, headers too; adds Cache-Control: no-store
 * (and WWW-Authenticate: Bearer to a 401).
 */
void problem_write(struct http_reply *reply, const struct problem *p);
