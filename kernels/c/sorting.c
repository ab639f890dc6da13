// Sorting, of every type: a library that is built once a program needs it.

#include "joined.h"
#include "rooms.h"
#include "width.h"
#include "sort.h"
