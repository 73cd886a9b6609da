#include "web/problem.h"

#include "web/json_write.h"

static const struct {
    const char *word, *title;
    int status;
} problems[] = {
#define PROBLEM(code, status, title) {#code, title, status},
#define REJECTION(code, detail)
#include "web/problems.def"
#undef PROBLEM
#undef REJECTION
};

static const struct {
    const char *word, *detail;
} rejections[] = {
#define PROBLEM(code, status, title)
#define REJECTION(code, detail) {#code, detail},
#include "web/problems.def"
#undef PROBLEM
#undef REJECTION
};

const char *problem_word(enum problem_code code)
{
    return problems[code].word;
}

const char *problem_title(enum problem_code code)
{
    return problems[code].title;
}

int problem_status(enum problem_code code)
{
    return problems[code].status;
}

const char *rejection_word(enum rejection why)
{
    return rejections[why].word;
}

const char *rejection_detail(enum rejection why)
{
    return rejections[why].detail;
}

static void write_headers(struct http_reply *reply, const struct problem *p)
{
    http_header(reply, "Cache-Control", SPAN("no-store"));
    if (reply->status == 401)
        http_header(reply, "WWW-Authenticate", SPAN("Bearer"));
    if (p->allow)
        http_header(reply, "Allow", span_of(p->allow));
    if (p->accept_post)
        http_header(reply, "Accept-Post", span_of(p->accept_post));
    if (p->retry_after_s)
        buf_fmt(&reply->headers, "Retry-After: %u\r\n", p->retry_after_s);
}

static void write_faults(struct json_write *w, const struct problem *p)
{
    json_write_array(w, "errors");
    for (size_t i = 0; i < p->fault_count; i++) {
        const struct problem_fault *fault = &p->faults[i];

        json_write_object(w, NULL);
        json_write_text(w, "pointer", fault->pointer);
        json_write_word(w, "code", fault->code);
        if (fault->detail)
            json_write_word(w, "detail", fault->detail);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_type(struct json_write *w, enum problem_code code)
{
    json_write_place(w, "type");
    buf_text(w->out, "\"/problems/");
    buf_text(w->out, problem_word(code));
    buf_char(w->out, '"');
}

void problem_write(struct http_reply *reply, const struct problem *p)
{
    struct json_write w;

    http_reply_reset(reply);
    reply->status = problem_status(p->code);
    reply->content_type = "application/problem+json";
    write_headers(reply, p);

    json_write_init(&w, &reply->body);
    json_write_object(&w, NULL);
    write_type(&w, p->code);
    json_write_word(&w, "title", problem_title(p->code));
    json_write_i64(&w, "status", reply->status);
    if (p->detail)
        json_write_word(&w, "detail", p->detail);
    json_write_word(&w, "code", problem_word(p->code));
    if (p->request_id)
        json_write_word(&w, "request_id", p->request_id);
    if (p->fault_count)
        write_faults(&w, p);
    if (p->retry_after_s)
        json_write_u64(&w, "retry_after_s", p->retry_after_s);
    if (p->most_bytes)
        json_write_u64(&w, "most_bytes", p->most_bytes);
    if (p->most_events)
        json_write_u64(&w, "most_events", p->most_events);
    json_write_end(&w);
}
