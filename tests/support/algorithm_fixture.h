/*
 * algorithm_fixture.h -- a tiny world to fit one algorithm on and to ask.
 *
 * Use  world("01 012 12", 3): user 0 saw posts 0 and 1, user 1 all three, user
 *      2 posts 1 and 2. fit(&algorithm, "k=1 q=2"), ask("01"), then read
 *      `scores`; leave() gives everything back.
 */
#pragma once

#include <check.h>
#include <stdint.h>

#include "reco/algorithm.h"

enum { FIXTURE_POSTS_MOST = 10 };

extern float scores[FIXTURE_POSTS_MOST];
extern struct fit_input fit_input;

void world(const char *users, uint32_t post_count);
/* Settings not named keep their default. */
void fit(const struct algorithm *a, const char *settings);
/* As a stranger. */
void ask(const char *posts);
void ask_as(uint32_t self, const char *posts);
void leave(void);

/* Within a rounding of floats. */
#define ck_score(post, wanted)                                                 \
    ck_assert_double_eq_tol((double)scores[post], wanted, 1e-6)
#define ck_unscored(post) ck_assert(isinf(scores[post]) && scores[post] < 0)

/* All tests of a file. */
int run_tests(const char *name, const TTest *const *tests, size_t count);
