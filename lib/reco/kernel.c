#include "reco/kernel.h"

#include <stddef.h>
#include <string.h>

/*
 * The bodies are plain loops of fixed length, which both compilers turn into
 * vector code for the target of the function they are inlined into.
 */
#define BODY static inline __attribute__((always_inline))

BODY uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* One block; folds halves onto each other, so that no lane waits. */
#define PEAKS(name, cell)                                                      \
    BODY void name(const cell *restrict dots, const float *restrict scales,    \
                   uint32_t blocks, uint32_t *restrict peaks)                  \
    {                                                                          \
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

BODY void sum_peaks_body(const uint64_t *restrict sums,
                         const unsigned char *restrict touched, uint32_t blocks,
                         uint32_t *restrict peaks)
{
    for (uint32_t b = 0; b < blocks; b++) {
        const int64_t *cells = (const int64_t *)sums + (size_t)b * KERNEL_POSTS;
        int64_t best = 0; /* signed: sums stay below 2^40, compares are cheap */
        peaks[b] = 0;
        if (!touched[b])
            continue;
        for (unsigned i = 0; i < KERNEL_POSTS; i++)
            best = cells[i] > best ? cells[i] : best;
        peaks[b] = kernel_bits((float)best);
    }
}

#define KERNEL(kind, target)                                                   \
    target static void peaks16_##kind(const uint16_t *dots,                    \
                                      const float *scales, uint32_t blocks,    \
                                      uint32_t *peaks)                         \
    {                                                                          \
        peaks16_body(dots, scales, blocks, peaks);                             \
    }                                                                          \
    target static void peaks32_##kind(const uint32_t *dots,                    \
                                      const float *scales, uint32_t blocks,    \
                                      uint32_t *peaks)                         \
    {                                                                          \
        peaks32_body(dots, scales, blocks, peaks);                             \
    }                                                                          \
    target static void sum_peaks_##kind(const uint64_t *sums,                  \
                                        const unsigned char *touched,          \
                                        uint32_t blocks, uint32_t *peaks)      \
    {                                                                          \
        sum_peaks_body(sums, touched, blocks, peaks);                          \
    }                                                                          \
    static const struct kernel kernel_##kind = {                               \
        #kind, peaks16_##kind, peaks32_##kind, sum_peaks_##kind}

KERNEL(plain, );
#ifdef __x86_64__
KERNEL(avx2, __attribute__((target("avx2"))));
KERNEL(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))));
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
