/**
 * Prelude of every kernel source. NVRTC has CUDA's mathematical functions, but no constants of the
 * C library and, without headers, no 16-bit floating point. 16-bit floats are stored as `unsigned
 * short`; the functions below convert them to float32, and round float32 to them (to nearest, ties
 * to even).
 */
export const kernelPrelude = `
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif
__device__ __forceinline__ float bfloat16ToFloat(unsigned short bits) {
  return __uint_as_float((unsigned int)bits << 16);
}
__device__ __forceinline__ unsigned short floatToBfloat16(float x) {
  unsigned int bits = __float_as_uint(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (unsigned short)0x7fff;
  return (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
#ifdef TURNWISE_SOFTWARE_CUDA
__device__ __forceinline__ float halfToFloat(unsigned short bits) { return softwareHalfToFloat(bits); }
__device__ __forceinline__ unsigned short floatToHalf(float x) { return softwareFloatToHalf(x); }
#else
__device__ __forceinline__ float halfToFloat(unsigned short bits) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
}
__device__ __forceinline__ unsigned short floatToHalf(float x) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}
#endif
#line 1 "kernels.cu"
`;
