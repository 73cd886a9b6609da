#include "app/reply.h"

void reply_problem(struct http_reply *reply, const struct http_request *request,
                   enum problem_code code, const char *detail)
{
    struct problem p = {
        .code = code,
        .detail = detail,
        .request_id = request->request_text,
        .retry_after_s = problem_status(code) == 503 ? RETRY_AFTER_S : 0,
    };

    problem_write(reply, &p);
}

static bool is_allowed(const char *allow, const char *name)
{
    struct span rest = span_of(allow), one;

    while (span_cut(&rest, ',', &one))
        if (span_is(span_trim(one), name))
            return true;
    return false;
}

bool reply_method(struct http_reply *reply, const struct http_request *request,
                  const char *origins, const char *allow)
{
    struct problem p = {.code = PROBLEM_method_not_allowed,
                        .request_id = request->request_text,
                        .allow = allow};

    if (is_allowed(allow, http_method_name(request->method)))
        return true;
    if (request->method == HTTP_OPTIONS)
        http_preflight(reply, request, origins, allow);
    else
        problem_write(reply, &p);
    return false;
}

bool reply_same_site(struct http_reply *reply,
                     const struct http_request *request, const char *origins)
{
    if (http_same_site(request, origins))
        return true;
    reply_problem(reply, request, PROBLEM_cross_site, NULL);
    return false;
}

bool reply_body(struct http_reply *reply, const struct http_request *request,
                uint64_t most_bytes)
{
    struct problem p = {.code = PROBLEM_too_large,
                        .request_id = request->request_text,
                        .most_bytes = most_bytes};

    if (request->body_state == HTTP_BODY_OK)
        return true;
    if (request->body_state == HTTP_BODY_TOO_LARGE)
        problem_write(reply, &p);
    else
        reply_problem(reply, request, PROBLEM_bad_body, NULL);
    return false;
}
