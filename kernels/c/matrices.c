// What small matrices of one type, REAL, are solved with: a library that is built once a program needs it.

#include "joined.h"
#include "vectors.h"
#include "matrix.h"
