/*
 * model_format.h -- the model file, byte by byte.
 *
 *     0        struct model_head                     64 bytes
 *     64       struct model_section [section_count]  32 bytes each
 *     ...      zero bytes up to a multiple of 64
 *     ...      first section, zero bytes up to a multiple of 64
 *     ...      ...
 *     size     end of the last section's padding
 *
 * Numbers    little-endian, fixed width; struct uuid is 16 plain bytes.
 * Sections   start at multiples of MODEL_ALIGN in the order of the table and
 *            follow each other without any other gap; all padding is zero.
 * Checksums  of a section: hash_stream over its blocks of MODEL_BLOCK_BYTES,
 *            the last one shorter; none at all gives 0. Of the head:
 *            hash_stream over head, its own field taken as 0, and table.
 * Versions   another MODEL_VERSION is refused. A section whose id is unknown
 *            is ignored when marked MODEL_OPTIONAL, otherwise the file is
 *            refused: that is how later programs add to the format.
 * Groups     the optional sections known here come in groups, whole or not at
 *            all: contents, items, trend, index. They are judged like the
 *            others.
 * Size       8 bytes a pair, 28 bytes a user, 69 to 77 bytes a post, texts;
 *            12 bytes a (post, term), 8 bytes a (post, similar post), 4
 *            to 8 bytes a post; index, where it pays: 1 to 4 bytes a pair, 8
 *            bytes a user, 4 bytes a post and 16 a row.
 */
#pragma once

#include <stdint.h>

#include "base/uuid.h"

#define MODEL_MAGIC "KITHMODL"
/* The algorithm that this format serves. */
#define MODEL_ALGORITHM "collaborative_filtering_v1"

enum {
    MODEL_VERSION = 1,
    MODEL_ALIGN = 64,
    MODEL_BLOCK_BYTES = 1 << 20,
    MODEL_SECTIONS_MOST = 64,
    MODEL_OPTIONAL = 1,     /* flag of a section */
    MODEL_VISIBLE = 1,      /* bit of POST_FLAGS */
    NEIGHBOURS_MOST = 1000, /* largest K */
    MODEL_MAGIC_BYTES = 8,
    MODEL_NAME_BYTES = 32,
    MODEL_VERSION_BYTES = 40,
};

/* clang-format off */
enum model_section_id {
    MODEL_META = 1,       /* struct model_meta                              */
    MODEL_USER_IDS,       /* uuid[U]     ascending: index = ordinal         */
    MODEL_USER_ROWS,      /* u32[U + 1]  first pair of each user            */
    MODEL_USER_POSTS,     /* u32[N]      pair of (post, mask), see pair.h   */
    MODEL_USER_NORMS,     /* u32[U]      sum of squared weights             */
    MODEL_USER_SCALES,    /* f32[U]      1 / sqrt(norm), 0 when norm is 0   */
    MODEL_POST_IDS,       /* uuid[P]     ascending: index = ordinal         */
    MODEL_POST_SLOTS,     /* u32[2^s]    hash table of POST_IDS, see below  */
    MODEL_POST_ROWS,      /* u32[P + 1]  first pair of each post            */
    MODEL_POST_USERS,     /* u32[N]      pair of (user, mask)               */
    MODEL_POST_AUTHORS,   /* uuid[P]     zero: no author                    */
    MODEL_POST_FLAGS,     /* u8[P]       MODEL_VISIBLE                      */
    MODEL_POST_PUBLISHED, /* i64[P]      ms since 1970 UTC                  */
    MODEL_POST_TEXT,      /* u8[...]     prepared bytes, opaque here        */
    MODEL_POST_TEXT_ROWS, /* u64[P + 1]  where each post's text starts      */
    MODEL_POST_TITLES,    /* struct model_title[P]                          */
    MODEL_REQUIRED_END,

    /* What posts say: content.h. M pairs (post, term), T terms.            */
    MODEL_CONTENT_META = MODEL_REQUIRED_END, /* struct model_content        */
    MODEL_TERM_KEYS,      /* u64[T]      ascending: index = term            */
    MODEL_TERM_KINDS,     /* u8[T]       enum term_kind                     */
    MODEL_TERM_TEXT,      /* u8[...]     as readers write it, UTF-8         */
    MODEL_TERM_TEXT_ENDS, /* u32[T]      where each term's text ends        */
    MODEL_TERM_ROWS,      /* u32[T + 1]  first post of each term            */
    MODEL_TERM_POSTS,     /* u32[M]      ascending within a term            */
    MODEL_TERM_WEIGHTS,   /* u16[M]      beside them, 1..4096               */
    MODEL_TEXT_ROWS,      /* u32[P + 1]  first term of each post            */
    MODEL_TEXT_TERMS,     /* u32[M]      ascending within a post            */
    MODEL_TEXT_WEIGHTS,   /* u16[M]      beside them, the same numbers      */
    MODEL_CONTENT_END,

    /* Posts with the same readers: similar.h. L pairs of posts.         */
    MODEL_ITEM_ROWS = MODEL_CONTENT_END, /* u32[P + 1]                      */
    MODEL_ITEM_POSTS,     /* u32[L]      ascending within a post, not itself*/
    MODEL_ITEM_SIMS,      /* u32[L]      2^24 = 1, at least 1               */
    MODEL_ITEM_END,

    /* Posts that are read now: trending.h. H posts with heat.              */
    MODEL_TREND_POSTS = MODEL_ITEM_END, /* u32[H] hottest first             */
    MODEL_TREND_HEATS,    /* f32[P]      log2 of heat at built_at_ms, or -inf */
    MODEL_TREND_END,

    /* The readers of each post, arranged for counting: reader_index.h.     */
    MODEL_INDEX_META = MODEL_TREND_END, /* struct model_index               */
    MODEL_INDEX_USERS,    /* u32[U]      place in the index -> ordinal      */
    MODEL_INDEX_SCALES,   /* f32[U]      USER_SCALES by place               */
    MODEL_INDEX_POSTS,    /* u32[P + 1]  first row of each post             */
    MODEL_INDEX_ROWS,     /* struct model_index_row[R]                      */
    MODEL_INDEX_BITS,     /* u64[64 B]   tiles of 4,096 readers             */
    MODEL_INDEX_LISTS,    /* u32[...]    of those who are in no tile        */
    MODEL_INDEX_END,
    MODEL_SECTIONS_END = MODEL_INDEX_END,
};
/* clang-format on */

enum {
    MODEL_CONTENT_SECTIONS = MODEL_CONTENT_END - MODEL_CONTENT_META,
    MODEL_ITEM_SECTIONS = MODEL_ITEM_END - MODEL_ITEM_ROWS,
    MODEL_TREND_SECTIONS = MODEL_TREND_END - MODEL_TREND_POSTS,
    MODEL_INDEX_SECTIONS = MODEL_INDEX_END - MODEL_INDEX_META,
};

/*
 * POST_SLOTS: a power of two of slots, at least 2 * P; a slot holds ordinal
 * + 1 or 0. A post sits in the first slot at or after hash64(id) (wrapping)
 * that was free when the posts were entered in order of their ordinals.
 */

struct model_head {
    char magic[MODEL_MAGIC_BYTES];
    uint32_t version;
    uint32_t section_count;
    uint64_t file_bytes;
    uint64_t checksum;
    uint64_t zero[4];
};

struct model_section {
    uint32_t id;
    uint32_t flags;
    uint64_t offset;
    uint64_t bytes;
    uint64_t checksum;
};

struct model_meta {
    uint32_t user_count, post_count;
    uint32_t pair_count;
    uint32_t largest_norm; /* of any user */
    int64_t built_at_ms;
    int64_t trained_until_ms; /* newest event used */
    uint64_t data_hash;       /* of ids and pairs: same data, same hash */
    uint32_t neighbours;      /* K when the caller names none */
    uint8_t weight_view, weight_click, weight_like, weight_share; /* tenths */
    uint8_t weight_max; /* 1: maximum of the types instead of their sum */
    uint8_t zero[7];
    char algorithm[MODEL_NAME_BYTES]; /* NUL-terminated, zero behind it */
    char version[MODEL_VERSION_BYTES];
};

/* Where the title lies inside the post's own text. */
struct model_title {
    uint32_t offset, bytes;
};

struct model_index {
    uint32_t readers_most; /* newest readers of a post it holds; 0: all */
    uint32_t row_count;
    uint32_t tile_count; /* B */
    uint32_t word_count; /* of LISTS */
};

/* The readers of one post who weigh the same, or all of a short post. */
struct model_index_row {
    uint32_t tile;       /* first of BITS */
    uint32_t list;       /* first of LISTS */
    uint32_t list_items; /* 16-bit units of the list, or pairs when weight 0 */
    uint32_t shape;      /* tiles << 8 | weight */
};

struct model_content {
    uint32_t term_count, pair_count;
    double average; /* length of a post in weighted words, 0: no post */
};

_Static_assert(sizeof(struct model_head) == 64, "no hidden padding");
_Static_assert(sizeof(struct model_section) == 32, "no hidden padding");
_Static_assert(sizeof(struct model_meta) == 128, "no hidden padding");
_Static_assert(sizeof(struct model_title) == 8, "no hidden padding");
_Static_assert(sizeof(struct model_content) == 16, "no hidden padding");
_Static_assert(sizeof(struct model_index) == 16, "no hidden padding");
_Static_assert(sizeof(struct model_index_row) == 16, "no hidden padding");
_Static_assert(sizeof(struct uuid) == 16, "no hidden padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "format");
