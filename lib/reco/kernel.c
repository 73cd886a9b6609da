#include "reco/kernel.h"

#include <stddef.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/*
 * The bodies are plain loops of fixed length, which both compilers turn into
 * vector code for the target of the function they are inlined into.
 */
#define BODY static inline __attribute__((always_inline))

enum { DOT16_MOST = UINT16_MAX };

BODY uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

#define PEAKS(name, cell)                                                      \
    BODY void name(const void *cells, const float *restrict scales,            \
                   uint32_t blocks, uint32_t *restrict peaks)                  \
    {                                                                          \
        const cell *restrict dots = cells;                                     \
        for (uint32_t b = 0; b < blocks; b++) {                                \
            uint32_t best = 0;                                                 \
            for (unsigned i = 0; i < KERNEL_USERS; i++)                        \
                best = larger(best, kernel_bits((float)dots[i] * scales[i]));  \
            peaks[b] = best;                                                   \
            dots += KERNEL_USERS;                                              \
            scales += KERNEL_USERS;                                            \
        }                                                                      \
    }

PEAKS(peaks16_body, uint16_t)
PEAKS(peaks32_body, uint32_t)

BODY void sum_peaks_body(const uint64_t *restrict sums, uint32_t blocks,
                         uint32_t *restrict peaks)
{
    /* Signed: sums stay below 2^40, and signed compares are cheap. */
    const int64_t *cells = (const int64_t *)sums;

    for (uint32_t b = 0; b < blocks; b++) {
        int64_t best = 0;
        for (unsigned i = 0; i < KERNEL_POSTS; i++)
            best = cells[i] > best ? cells[i] : best;
        peaks[b] = kernel_bits((float)best);
        cells += KERNEL_POSTS;
    }
}

typedef uint64_t line __attribute__((vector_size(64), may_alias));

BODY void clear_body(void *cells, size_t bytes)
{
    line *at = cells;

    for (size_t i = 0; i < bytes / sizeof *at; i++) {
        at[i] = (line){0};
        __asm__ volatile("" ::: "memory"); /* or compilers call memset() */
    }
}

#define HITS(name, cell)                                                       \
    static uint32_t name(const void *cells, const float *scales,               \
                         uint32_t floor)                                       \
    {                                                                          \
        const cell *dots = cells;                                              \
        uint32_t hits = 0;                                                     \
        for (unsigned i = 0; i < KERNEL_USERS; i++)                            \
            hits |=                                                            \
                (uint32_t)(kernel_bits((float)dots[i] * scales[i]) >= floor)   \
                << i;                                                          \
        return hits;                                                           \
    }

HITS(hits16_plain, uint16_t)
HITS(hits32_plain, uint32_t)

enum { GROUP_USERS = KERNEL_GROUP * KERNEL_USERS };

/*
 * What a dot of this group needs to reach the floor: a little less than the
 * quotient, far over all rounding; more than 16 bits: nobody can.
 */
BODY uint32_t least_dot(const float *scales, float floor)
{
    const float slack = 0.99999F;
    float scale = scales[GROUP_USERS - 1], least;

    for (unsigned i = GROUP_USERS - 1; scale <= 0 && i; i--)
        scale = scales[i - 1];
    least = scale > 0 ? floor / scale * slack : (float)DOT16_MOST + 1;
    if (least > DOT16_MOST)
        return DOT16_MOST + 1;
    /* Dots are whole: rounded up. */
    return (uint32_t)least + ((float)(uint32_t)least < least);
}

BODY float float_of(uint32_t bits)
{
    union {
        uint32_t u;
        float f;
    } both = {.u = bits};

    return both.f;
}

#define REACH(kind, target)                                                    \
    target static uint32_t reach_##kind(const uint16_t *dots,                  \
                                        const float *scales, uint32_t blocks,  \
                                        uint32_t floor, uint32_t *hits)        \
    {                                                                          \
        uint32_t groups = 0;                                                   \
        for (uint32_t g = 0; g < blocks / KERNEL_GROUP; g++) {                 \
            uint32_t least = least_dot(scales, float_of(floor)), any = 0;      \
            if (least <= DOT16_MOST)                                           \
                any = at_least_##kind(dots, least, hits);                      \
            groups |= (uint32_t)(any != 0) << g;                               \
            dots += GROUP_USERS;                                               \
            scales += GROUP_USERS;                                             \
            hits += KERNEL_GROUP;                                              \
        }                                                                      \
        return groups;                                                         \
    }

static inline uint32_t at_least_plain(const uint16_t *dots, uint32_t least,
                                      uint32_t *hits)
{
    uint32_t any = 0;

    for (unsigned b = 0; b < KERNEL_GROUP; b++, dots += KERNEL_USERS) {
        uint32_t some = 0;
        for (unsigned i = 0; i < KERNEL_USERS; i++)
            some |= (uint32_t)(dots[i] >= least) << i;
        any |= hits[b] = some;
    }
    return any;
}

REACH(plain, )

/* One kernel: the bodies compiled for a target. Wide dots are rare enough to
 * have no hits of their own. */
#define KERNEL(kind, target, hits16)                                           \
    target static void peaks16_##kind(const void *dots, const float *scales,   \
                                      uint32_t blocks, uint32_t *peaks)        \
    {                                                                          \
        peaks16_body(dots, scales, blocks, peaks);                             \
    }                                                                          \
    target static void peaks32_##kind(const void *dots, const float *scales,   \
                                      uint32_t blocks, uint32_t *peaks)        \
    {                                                                          \
        peaks32_body(dots, scales, blocks, peaks);                             \
    }                                                                          \
    target static void sum_peaks_##kind(const uint64_t *sums, uint32_t blocks, \
                                        uint32_t *peaks)                       \
    {                                                                          \
        sum_peaks_body(sums, blocks, peaks);                                   \
    }                                                                          \
    target static void clear_##kind(void *cells, size_t bytes)                 \
    {                                                                          \
        clear_body(cells, bytes);                                              \
    }                                                                          \
    static const struct kernel kernel_##kind = {                               \
        #kind,                                                                 \
        kernel_add_tile_##kind,                                                \
        kernel_count_line_##kind,                                              \
        kernel_turn_line_##kind,                                               \
        kernel_reach_line_##kind,                                              \
        reach_##kind,                                                          \
        {{peaks16_##kind, hits16}, {peaks32_##kind, hits32_plain}},            \
        clear_##kind,                                                          \
        sum_peaks_##kind}

KERNEL(plain, , hits16_plain);

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

AVX2 static inline uint32_t at_least_avx2(const uint16_t *dots, uint32_t least,
                                          uint32_t *hits)
{
    enum { LANES = 16, HALVES_IN_ORDER = 0xd8 };
    __m256i t = _mm256_set1_epi16((short)least);
    uint32_t any = 0;

    for (unsigned i = 0; i < KERNEL_GROUP; i++, dots += KERNEL_USERS) {
        __m256i a = _mm256_loadu_si256((const __m256i *)dots);
        __m256i b = _mm256_loadu_si256((const __m256i *)(dots + LANES));
        a = _mm256_cmpeq_epi16(_mm256_max_epu16(a, t), a);
        b = _mm256_cmpeq_epi16(_mm256_max_epu16(b, t), b);
        any |= hits[i] =
            (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(
                _mm256_packs_epi16(a, b), HALVES_IN_ORDER));
    }
    return any;
}

AVX512 static inline uint32_t at_least_avx512(const uint16_t *dots,
                                              uint32_t least, uint32_t *hits)
{
    __m512i t = _mm512_set1_epi16((short)least);
    uint32_t any = 0;

    for (unsigned i = 0; i < KERNEL_GROUP; i++, dots += KERNEL_USERS)
        any |= hits[i] = _mm512_cmpge_epu16_mask(_mm512_loadu_si512(dots), t);
    return any;
}

REACH(avx2, AVX2)
REACH(avx512, AVX512)

AVX2 static uint32_t hits16_avx2(const void *cells, const float *scales,
                                 uint32_t floor)
{
    enum { LANES = 8 };
    const uint16_t *dots = cells;
    __m256i below = _mm256_set1_epi32((int)floor - 1);
    uint32_t hits = 0;

    for (unsigned i = 0; i < KERNEL_USERS; i += LANES) {
        __m128i eight = _mm_loadu_si128((const __m128i *)(dots + i));
        __m256 value =
            _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(eight)),
                          _mm256_loadu_ps(scales + i));
        __m256i hit = _mm256_cmpgt_epi32(_mm256_castps_si256(value), below);
        hits |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(hit)) << i;
    }
    return hits;
}

AVX512 static uint32_t hits16_avx512(const void *cells, const float *scales,
                                     uint32_t floor)
{
    enum { LANES = 16 };
    const uint16_t *dots = cells;
    __m512i least = _mm512_set1_epi32((int)floor);
    uint32_t hits = 0;

    for (unsigned i = 0; i < KERNEL_USERS; i += LANES) {
        __m256i some = _mm256_loadu_si256((const __m256i *)(dots + i));
        __m512 value =
            _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(some)),
                          _mm512_loadu_ps(scales + i));
        hits |=
            (uint32_t)_mm512_cmpge_epi32_mask(_mm512_castps_si512(value), least)
            << i;
    }
    return hits;
}

KERNEL(avx2, AVX2, hits16_avx2);
KERNEL(avx512, AVX512, hits16_avx512);
#endif

const struct kernel *kernel_at(unsigned i)
{
    const struct kernel *all[] = {&kernel_plain, NULL, NULL, NULL};
    unsigned count = 1;

#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        all[count++] = &kernel_avx2;
    if (__builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        all[count++] = &kernel_avx512;
#endif
    return i < count ? all[i] : NULL;
}

const struct kernel *kernel_best(void)
{
    const struct kernel *best = kernel_at(0), *next;

    for (unsigned i = 1; (next = kernel_at(i)); i++)
        best = next;
    return best;
}

uint32_t kernel_floor(const uint32_t *peaks, uint32_t count, uint32_t k)
{
    /* Steps of 2^16: 1/128 of the value; 1023 of them reach down by 2^8. */
    enum { STEP_BITS = 16, STEPS = 1024 };
    uint32_t steps[STEPS] = {0}, most = 0, reached = 0;

    for (uint32_t i = 0; i < count; i++)
        most = larger(most, peaks[i]);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t step = (most - peaks[i]) >> STEP_BITS;
        steps[step < STEPS ? step : STEPS - 1]++;
    }
    for (uint32_t step = 0; step < STEPS - 1; step++) {
        uint32_t depth = ((step + 1) << STEP_BITS) - 1;
        reached += steps[step];
        if (reached >= k)
            return most > depth ? most - depth : 1;
    }
    return 1;
}
