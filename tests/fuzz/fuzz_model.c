/*
 * fuzz_model.c -- model_check() lets nothing pass that does harm.
 *
 * Input  the first byte chooses: the rest is a file as it stands; a file whose
 *        checksums are made right; or patches of 4 bytes (offset, value, both
 *        little-endian u16) on a sound model
 *        with all optional groups, whose checksums are made right.
 */
#include "../support/model_damage.h"
#include "../support/parts_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum mode { AS_IS, SIGNED, PATCHED, MODES };

static size_t sample_bytes;

static unsigned char *copy_of(const void *at, size_t bytes)
{
    unsigned char *copy = malloc(bytes ? bytes : 1);

    if (!copy)
        abort();
    if (bytes)
        memcpy(copy, at, bytes);
    return copy;
}

static void patch(unsigned char *model, const uint8_t *data, size_t bytes)
{
    struct one {
        uint16_t offset, value;
    } one;

    for (; bytes >= sizeof one; bytes -= sizeof one, data += sizeof one) {
        memcpy(&one, data, sizeof one);
        memcpy(model + one.offset % (sample_bytes - sizeof one.value),
               &one.value, sizeof one.value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static unsigned char *sample;
    enum mode mode;
    unsigned char *model;
    size_t size;

    if (!sample)
        sample = parts_sample(&sample_bytes);
    if (!bytes)
        return 0;
    mode = data[0] % MODES;
    size = mode == PATCHED ? sample_bytes : bytes - 1;
    model = copy_of(mode == PATCHED ? sample : data + 1, size);
    if (mode == PATCHED)
        patch(model, data + 1, bytes - 1);
    if (mode != AS_IS)
        damage_sign(model, size);
    damage_survives(model, size);
    parts_survive(model, size);
    free(model);
    return 0;
}
