// OpenBLAS: single-precision matrix products for the encoder.
#include <cblas.h>
