// The number formats of cuBLASLt, read as doubles and rounded once.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

enum Format { F32 = 0, F64 = 1, F16 = 2, BF16 = 14 }; // cudaDataType

inline bool known(int format) { return format == F32 || format == F64 || format == F16 || format == BF16; }

inline size_t size_of(int format) { return format == F64 ? 8 : format == F32 ? 4 : 2; }

inline double from_half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                  : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                 : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

inline uint16_t to_half(double value) {
    uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    double size = fabs(value);
    if (std::isnan(value)) return sign | 0x7e00;
    if (size >= 65520) return sign | 0x7c00;
    if (size < ldexp(1, -14)) return sign | (uint16_t)nearbyint(ldexp(size, 24));
    int exponent;
    frexp(size, &exponent);
    double fraction = nearbyint(ldexp(size, 11 - exponent));
    if (fraction == 2048) {
        fraction = 1024;
        exponent++;
    }
    return sign | (uint16_t)((exponent + 14) << 10 | ((int)fraction - 1024));
}

inline double from_bfloat(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

inline uint16_t to_bfloat(double value) {
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return std::isnan(value) ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

inline double load(const void *from, int format, int64_t i) {
    switch (format) {
    case F32: return ((const float *)from)[i];
    case F64: return ((const double *)from)[i];
    case F16: return from_half(((const uint16_t *)from)[i]);
    default: return from_bfloat(((const uint16_t *)from)[i]);
    }
}

inline void store(void *to, int format, int64_t i, double value) {
    switch (format) {
    case F32: ((float *)to)[i] = (float)value; break;
    case F64: ((double *)to)[i] = value; break;
    case F16: ((uint16_t *)to)[i] = to_half(value); break;
    default: ((uint16_t *)to)[i] = to_bfloat(value);
    }
}
