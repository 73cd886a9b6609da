/*
 * terms.h -- the words of a post as numbers: what content recommendation
 * compares.
 *
 * Words    runs of letters, marks and digits of the text after Unicode folding
 *          (NFKC, case folded), at least 2 characters, at most
 *          TERMS_WORD_BYTES; stemmed by Snowball where the language has a
 *          stemmer. Scripts without spaces (Han, Kana, Thai) give their
 *          overlapping pairs of characters instead.
 * Fields   one bag: a word counts TERMS_BODY times in the body and
 *          TERMS_TITLE times in the title. A tag is a term of its own, and its
 *          words are words too; the author is a term.
 * Keys     64-bit hash of kind and stem: the same on every machine, no
 *          dictionary needed to make it.
 * Bounds   TERMS_TEXT_BYTES of the body, TERMS_MOST terms; more is left out.
 * Door     the only user of libstemmer and utf8proc.
 * from     fields as weighted counts: BM25F (Robertson, Zaragoza, Taylor
 *          2004); pairs of characters: CJK bigrams of Lucene.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

enum {
    TERMS_BODY = 1,
    TERMS_TITLE = 3,
    TERMS_TAG = 4,
    TERMS_AUTHOR = 2,
    TERMS_MOST = 4096,
    TERMS_WORD_BYTES = 64,
    TERMS_TEXT_BYTES = 65536,
    TERMS_LANGUAGES = 16, /* stemmers kept open */
    TERMS_LANGUAGE_BYTES = 16,
};

enum term_kind { TERM_WORD, TERM_TAG, TERM_AUTHOR, TERM_KINDS };

struct term {
    uint64_t key;
    uint32_t count; /* weighted, see Fields */
    enum term_kind kind;
    struct span shown; /* as a reader would write it, lower case */
};

struct terms_text {
    struct span language; /* "en", "pt-BR"; empty: the default; one without a
                             stemmer: words as they are */
    struct span title, body;
    const struct span *tags;
    size_t tag_count;
    struct uuid author; /* nil: none */
    struct span author_name;
};

struct terms {
    char fallback[TERMS_LANGUAGE_BYTES];
    struct {
        char code[TERMS_LANGUAGE_BYTES];
        void *stemmer; /* NULL: that language has none */
    } languages[TERMS_LANGUAGES];
    uint32_t language_count;

    struct term *found; /* [count] of the last terms_make */
    uint32_t count;
    uint64_t length; /* sum of their counts */
    uint32_t *slots; /* hash table of found, while making */
    struct buf shown;
};

/* `language` is for posts that name none, e.g. "en". ERR_INVALID: Snowball
 * does not know it. */
MUST_USE bool terms_init(struct terms *t, const char *language,
                         struct err *err);
/* Accepts a zeroed struct. */
void terms_release(struct terms *t);

/*
 * Fills t->found[0..count), keys ascending; good until the next call. Text
 * that is not UTF-8 gives no words. ERR_MEMORY only.
 */
MUST_USE bool terms_make(struct terms *t, const struct terms_text *text,
                         struct err *err);
