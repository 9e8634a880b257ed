// Umbrella of the C kernels: what Swift sees of this target.
#ifndef FRONTDESK_CKERNELS_H
#define FRONTDESK_CKERNELS_H

#if __has_include("distance_kernels.h")
#include "distance_kernels.h"
#endif
#if __has_include("graph_kernels.h")
#include "graph_kernels.h"
#endif
#if __has_include("posting_kernels.h")
#include "posting_kernels.h"
#endif
#if __has_include("quantised_kernels.h")
#include "quantised_kernels.h"
#endif
#if __has_include("transformer_kernels.h")
#include "transformer_kernels.h"
#endif
#if __has_include("vector_kernels.h")
#include "vector_kernels.h"
#endif

#endif
