// Convolutions and pooling of one type, REAL: a library that is built once a program needs it.

#include "joined.h"
#include "rooms.h"
#include "vectors.h"
#include "windows.h"
#include "pack.h"
#include "frame.h"
#include "conv.h"
#include "conv_deep.h"
#include "conv_flat.h"
#include "conv_requests.h"
#include "pool.h"
