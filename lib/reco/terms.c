#include "reco/terms.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
    SLOTS = 2 * TERMS_MOST, /* power of two */
    SHOWN_BYTES = TERMS_MOST * TERMS_WORD_BYTES,
    LEAST_LETTERS = 2,
};

/* ---- languages ---- */

/* "pt-BR" -> "pt"; empty when it is no code. */
static void code_of(struct span language, char code[TERMS_LANGUAGE_BYTES])
{
    size_t n = 0;

    while (n < language.bytes && n < TERMS_LANGUAGE_BYTES - 1 &&
           ((language.at[n] | 0x20) >= 'a' && (language.at[n] | 0x20) <= 'z')) {
        code[n] = (char)(language.at[n] | 0x20);
        n++;
    }
    code[n] = 0;
}

/* A stemmer stays open for the life of t; NULL when the language has none. */
static void *stemmer_of(struct terms *t, const char *code)
{
    uint32_t i = 0;

    while (i < t->language_count && strcmp(t->languages[i].code, code))
        i++;
    if (i == TERMS_LANGUAGES)
        return NULL;
    if (i == t->language_count) {
        memcpy(t->languages[i].code, code, strlen(code) + 1);
        t->languages[i].stemmer = sb_stemmer_new(code, "UTF_8");
        t->language_count++;
    }
    return t->languages[i].stemmer;
}

bool terms_init(struct terms *t, const char *language, struct err *err)
{
    *t = (struct terms){0};
    buf_init(&t->shown, SHOWN_BYTES);
    code_of(span_of(language), t->fallback);
    if (!stemmer_of(t, t->fallback)) {
        terms_release(t);
        return err_set(err, ERR_INVALID, "language %s: no stemmer for it",
                       language);
    }
    if (mem_take(TERMS_MOST, sizeof *t->found, &t->found, err) &&
        mem_take(SLOTS, sizeof *t->slots, &t->slots, err))
        return true;
    terms_release(t);
    return false;
}

void terms_release(struct terms *t)
{
    for (uint32_t i = 0; i < t->language_count; i++)
        if (t->languages[i].stemmer)
            sb_stemmer_delete(t->languages[i].stemmer);
    mem_give(t->found);
    mem_give(t->slots);
    buf_release(&t->shown);
    *t = (struct terms){0};
}

/* ---- the bag ---- */

static void add_term(struct terms *t, uint64_t key, enum term_kind kind,
                     struct span shown, uint32_t count)
{
    uint32_t i = (uint32_t)key & (SLOTS - 1);

    while (t->slots[i] && t->found[t->slots[i] - 1].key != key)
        i = (i + 1) & (SLOTS - 1);
    if (!t->slots[i]) {
        struct span kept = {NULL, shown.bytes};
        if (t->count == TERMS_MOST)
            return;
        /* An offset until the buffer stands still. */
        kept.at = (const char *)(uintptr_t)t->shown.bytes;
        buf_span(&t->shown, shown);
        t->found[t->count++] = (struct term){key, 0, kind, kept};
        t->slots[i] = t->count;
    }
    t->found[t->slots[i] - 1].count += count;
    t->length += count;
}

static void add_word(struct terms *t, void *stemmer, struct span word,
                     uint32_t count)
{
    struct span stem = word;

    if (stemmer) {
        const sb_symbol *s = sb_stemmer_stem(
            stemmer, (const sb_symbol *)word.at, (int)word.bytes);
        if (s)
            stem = (struct span){(const char *)s,
                                 (size_t)sb_stemmer_length(stemmer)};
    }
    add_term(t, hash64_seeded(stem.at, stem.bytes, TERM_WORD), TERM_WORD, word,
             count);
}

static bool is_wordly(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
        return true;
    default:
        return false;
    }
}

/* Scripts that put no spaces between words: Thai to Khmer, Kana, Han. */
static bool is_unspaced(utf8proc_int32_t point)
{
    static const struct {
        utf8proc_int32_t from, to;
    } ranges[] = {{0x0e00, 0x0eff}, {0x1000, 0x109f},  {0x1780, 0x17ff},
                  {0x3040, 0x30ff}, {0x3400, 0x4dbf},  {0x4e00, 0x9fff},
                  {0xf900, 0xfaff}, {0x20000, 0x3ffff}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].from && point <= ranges[i].to)
            return true;
    return false;
}

/* A run of one kind of characters in folded text. */
struct run {
    const char *at, *last; /* last: start of the newest character */
    size_t bytes;
    uint32_t letters;
};

static void end_run(struct terms *t, void *stemmer, struct run *run,
                    uint32_t count)
{
    if (run->letters >= LEAST_LETTERS && run->bytes <= TERMS_WORD_BYTES)
        add_word(t, stemmer, (struct span){run->at, run->bytes}, count);
    *run = (struct run){0};
}

/* `run` holds at most the character before: a pair becomes a word, and its
 * second half is the start of the next pair. */
static void add_unspaced(struct terms *t, struct run *run, const char *at,
                         size_t bytes, uint32_t count)
{
    if (run->letters)
        add_word(t, NULL,
                 (struct span){run->at, (size_t)(at - run->at) + bytes}, count);
    *run = (struct run){.at = at, .bytes = bytes, .letters = 1};
}

/* Folded: NFKC with case folding, without invisible characters. */
static void add_folded(struct terms *t, void *stemmer, const char *text,
                       size_t bytes, uint32_t count)
{
    struct run word = {0}, pair = {0};
    size_t at = 0;

    while (at < bytes) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                             (utf8proc_ssize_t)(bytes - at), &point);
        if (n < 1)
            break;
        if (!is_wordly(point)) {
            end_run(t, stemmer, &word, count);
            pair = (struct run){0};
        } else if (is_unspaced(point)) {
            end_run(t, stemmer, &word, count);
            add_unspaced(t, &pair, text + at, (size_t)n, count);
        } else {
            pair = (struct run){0};
            if (!word.letters)
                word.at = text + at;
            word.bytes += (size_t)n;
            word.letters++;
        }
        at += (size_t)n;
    }
    end_run(t, stemmer, &word, count);
}

static struct span cut(struct span text, size_t most)
{
    if (text.bytes <= most)
        return text;
    while (most && ((unsigned char)text.at[most] & 0xc0) == 0x80)
        most--;
    return (struct span){text.at, most};
}

/* The folded text, to be freed; NULL when it is not UTF-8 or empty. */
static utf8proc_uint8_t *fold(struct span text, size_t *bytes)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t n;

    if (!text.bytes)
        return NULL;
    n = utf8proc_map((const utf8proc_uint8_t *)text.at,
                     (utf8proc_ssize_t)text.bytes, &out,
                     UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                         UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (n < 1) {
        free(out);
        return NULL;
    }
    *bytes = (size_t)n;
    return out;
}

static void add_text(struct terms *t, void *stemmer, struct span text,
                     uint32_t count)
{
    size_t bytes;
    utf8proc_uint8_t *folded = fold(cut(text, TERMS_TEXT_BYTES), &bytes);

    if (!folded)
        return;
    add_folded(t, stemmer, (const char *)folded, bytes, count);
    free(folded);
}

/* A name as a whole: the tag itself, the author. */
static void add_name(struct terms *t, uint64_t key, enum term_kind kind,
                     struct span name, uint32_t count)
{
    struct span shown = cut(name, TERMS_WORD_BYTES);

    /* A name is shown as it stands, so it must be fit to be shown. */
    if (!utf8_printable(shown))
        shown.bytes = 0;
    add_term(t, key, kind, shown, count);
}

static void add_tag(struct terms *t, void *stemmer, struct span tag)
{
    size_t bytes;
    utf8proc_uint8_t *folded = fold(cut(tag, TERMS_TEXT_BYTES), &bytes);
    struct span name;

    if (!folded)
        return;
    name = (struct span){(const char *)folded, bytes};
    add_name(t, hash64_seeded(name.at, name.bytes, TERM_TAG), TERM_TAG, name,
             TERMS_TAG);
    add_folded(t, stemmer, name.at, name.bytes, TERMS_TITLE);
    free(folded);
}

static int by_key(const void *left, const void *right)
{
    const struct term *a = left, *b = right;

    return (a->key > b->key) - (a->key < b->key);
}

bool terms_make(struct terms *t, const struct terms_text *text, struct err *err)
{
    static const struct uuid nobody;
    char code[TERMS_LANGUAGE_BYTES];
    void *stemmer;

    code_of(text->language, code);
    stemmer = *code ? stemmer_of(t, code) : stemmer_of(t, t->fallback);
    t->count = 0;
    t->length = 0;
    memset(t->slots, 0, SLOTS * sizeof *t->slots);
    buf_reset(&t->shown);
    /* The most telling first: they are kept when there are too many. */
    for (size_t i = 0; i < text->tag_count; i++)
        add_tag(t, stemmer, text->tags[i]);
    if (!uuid_equal(text->author, nobody))
        add_name(
            t,
            hash64_seeded(text->author.b, sizeof text->author.b, TERM_AUTHOR),
            TERM_AUTHOR, text->author_name, TERMS_AUTHOR);
    add_text(t, stemmer, text->title, TERMS_TITLE);
    add_text(t, stemmer, text->body, TERMS_BODY);
    if (t->shown.failed)
        return err_set(err, ERR_MEMORY, "terms: no memory for their texts");
    for (uint32_t i = 0; t->shown.at && i < t->count; i++)
        t->found[i].shown.at = t->shown.at + (uintptr_t)t->found[i].shown.at;
    qsort(t->found, t->count, sizeof *t->found, by_key);
    return true;
}
