// What every program starts with: element types by their short names. A bool is a u8 of 0 or 1 in memory, f16 and bf16
// are bit patterns; they become masks and f32 when loaded.
typedef float f32;
typedef double f64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u16 f16;
typedef u16 bf16;
