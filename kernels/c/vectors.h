// The vectors that the runtime library works with, whatever the type of their elements: REAL, of which WF_NAME(x) names
// what there is. WF_ORDER is the width in whose order sums are added up, on wish the same on every machine.

#include "width.h"
#ifdef WF_REPRODUCIBLE
#define WF_ORDER 64
#else
#define WF_ORDER WF_WIDTH
#endif

#define VECTOR WF_NAME(vector)
#define LANES ((i64)(WF_WIDTH / sizeof(REAL)))
#define COLUMNS (2 * LANES)
#define LOAD(p) (*(const WF_NAME(loose) *)(p))
#define STORE(p, v) (*(WF_NAME(loose) *)(p) = (v))
