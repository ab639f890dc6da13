// Products of matrices of one type, REAL: a library that is built once a program needs it.

#include "joined.h"
#include "rooms.h"
#include "vectors.h"

// What a thread packs of the operands: so much of K, of the columns of B and of the rows of A at a time.
enum { WF_DEPTH = 256, WF_BREADTH = 512, WF_HEIGHT = 144, WF_NARROW = 12 };
enum { WF_FAR = 512, WF_LONG = 96 };

#include "pack.h"
#include "narrow.h"
#include "gemm.h"
