#include "app/identity.h"

#include "app/reply.h"
#include "base/log.h"

enum { MS_PER_S = 1000 };

static const char *cookie_name(const struct config *config)
{
    return config->cookie_secure ? "__Host-kith" : "kith";
}

void identity_give(const struct config *config, const struct token_keys *keys,
                   struct uuid user, int64_t now_ms, struct http_reply *reply)
{
    struct buf token;

    buf_init(&token, TOKEN_TEXT_MOST);
    token_sign(keys, user, now_ms,
               now_ms + (int64_t)config->token_life_s * MS_PER_S, &token);
    http_cookie_set(reply, cookie_name(config), buf_view(&token),
                    config->token_life_s, config->cookie_secure);
    buf_release(&token);
}

static bool make_anonymous(const struct config *config,
                           const struct token_keys *keys,
                           const struct http_request *request,
                           struct http_reply *reply, struct identity *out)
{
    struct err err;

    if (!uuid_v4(&out->user, &err)) {
        log_failure(LOG_ERROR, "app", "identity_failed", &err);
        reply_problem(reply, request, PROBLEM_unavailable, NULL);
        return false;
    }
    out->fresh = true;
    identity_give(config, keys, out->user, request->received_at_ms, reply);
    return true;
}

static bool has_declined(const struct http_request *request)
{
    struct span answer;

    if (http_cookie_find(request->cookie, "kith_consent", &answer))
        return !span_is(answer, "yes");
    return request->gpc || request->dnt;
}

bool identity_find(const struct config *config, const struct token_keys *keys,
                   const struct http_request *request, struct http_reply *reply,
                   struct identity *out)
{
    struct token_claims claims = {0};
    struct span text;
    struct err err;
    bool by_cookie = false;

    *out = (struct identity){.declined = has_declined(request)};
    if (!http_bearer_find(request->authorization, &text)) {
        by_cookie =
            http_cookie_find(request->cookie, cookie_name(config), &text);
        if (!by_cookie)
            return make_anonymous(config, keys, request, reply, out);
    }
    if (!token_check(keys, text, request->received_at_ms, &claims, &err)) {
        reply_problem(
            reply, request,
            claims.expired ? PROBLEM_token_expired : PROBLEM_bad_token, NULL);
        if (by_cookie)
            http_cookie_set(reply, cookie_name(config), SPAN(""), 0,
                            config->cookie_secure);
        return false;
    }
    out->user = claims.user;
    if (by_cookie && token_is_due(&claims, request->received_at_ms))
        identity_give(config, keys, claims.user, request->received_at_ms,
                      reply);
    return true;
}
