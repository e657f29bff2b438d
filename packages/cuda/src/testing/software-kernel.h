// Header with which software-cuda.cpp compiles kernel sources: CUDA C++ keywords and functions for g++.
#pragma once
#define TURNWISE_SOFTWARE_CUDA 1
#include <math.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __host__
#define __device__
#define __forceinline__ inline
#define __noinline__
#define __constant__ static
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
// One block runs at a time. The section is filled with NaN before each block.
#define __shared__ static __attribute__((section("software_shared")))

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };

// State and callbacks that software-cuda.cpp provides while a kernel runs.
struct SoftwareState {
  uint3 thread, block;
  dim3 blockSize, gridSize;
  char *dynamicShared;
  unsigned long long *exchanged;
  void (*blockBarrier)(int line);
  void (*warpBarrier)(unsigned mask);
  void (*trap)();
};
extern "C" { extern SoftwareState softwareState; }
#define threadIdx (softwareState.thread)
#define blockIdx (softwareState.block)
#define blockDim (softwareState.blockSize)
#define gridDim (softwareState.gridSize)
#define warpSize 32
#define __syncthreads() softwareState.blockBarrier(__LINE__)
#define __syncwarp(...) softwareSyncWarp(__VA_ARGS__)
#define __threadfence() ((void)0)
#define __threadfence_block() ((void)0)
#define __trap() softwareState.trap()

static inline void softwareSyncWarp(unsigned mask = 0xffffffffu) { softwareState.warpBarrier(mask); }

template <class To, class From> static inline To softwareBits(From from) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
static inline float __int_as_float(int x) { return softwareBits<float>(x); }
static inline float __uint_as_float(unsigned x) { return softwareBits<float>(x); }
static inline int __float_as_int(float x) { return softwareBits<int>(x); }
static inline unsigned __float_as_uint(float x) { return softwareBits<unsigned>(x); }
static inline double __longlong_as_double(long long x) { return softwareBits<double>(x); }
static inline long long __double_as_longlong(double x) { return softwareBits<long long>(x); }

static inline float softwareHalfToFloat(unsigned short bits) {
  unsigned exponent = bits >> 10 & 31u, mantissa = bits & 1023u;
  float value = exponent == 0 ? ldexpf((float)mantissa, -24)
                : exponent == 31 ? (mantissa ? __int_as_float(0x7fffffff) : __int_as_float(0x7f800000))
                                 : ldexpf((float)(mantissa | 1024u), (int)exponent - 25);
  return bits & 0x8000u ? -value : value;
}
static inline unsigned short softwareFloatToHalf(float x) {
  unsigned bits = __float_as_uint(x), sign = bits >> 16 & 0x8000u;
  float size = fabsf(x);
  if (size != size) return 0x7fff;
  if (size >= 65520.0f) return (unsigned short)(sign | 0x7c00u);
  if (size < 6.103515625e-5f) return (unsigned short)(sign | (unsigned)rintf(ldexpf(size, 24)));
  unsigned rounded = (bits & 0x7fffffffu) - (112u << 23);
  rounded += 0xfffu + (rounded >> 13 & 1u);
  return (unsigned short)(sign | rounded >> 13);
}

// Fast math functions; some have the names of C library functions.
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
#define __expf expf
#define __exp10f(x) powf(10.0f, x)
#define __logf logf
#define __log2f log2f
#define __powf powf
#define __sinf sinf
#define __cosf cosf
static inline float __fdividef(float x, float y) { return x / y; }
static inline float __fdiv_rn(float x, float y) { return x / y; }
static inline float __fadd_rn(float x, float y) { return x + y; }
static inline float __fsub_rn(float x, float y) { return x - y; }
static inline float __fmul_rn(float x, float y) { return x * y; }
static inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
static inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
static inline int __float2int_rn(float x) { return (int)rintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }
static inline int __float2int_rd(float x) { return (int)floorf(x); }
static inline float __int2float_rn(int x) { return (float)x; }
static inline float __ll2float_rn(long long x) { return (float)x; }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
template <class T> static inline T __ldg(const T *p) { return *p; }
template <class T> static inline T __ldcs(const T *p) { return *p; }
template <class T> static inline void __stcs(T *p, T x) { *p = x; }

#define SOFTWARE_MIN_MAX(T) \
  static inline T min(T a, T b) { return b < a ? b : a; } \
  static inline T max(T a, T b) { return a < b ? b : a; }
SOFTWARE_MIN_MAX(int)
SOFTWARE_MIN_MAX(unsigned)
SOFTWARE_MIN_MAX(long)
SOFTWARE_MIN_MAX(unsigned long)
SOFTWARE_MIN_MAX(long long)
SOFTWARE_MIN_MAX(unsigned long long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }

// Vectors.
#define SOFTWARE_VECTORS(T, name) \
  struct __align__(2 * sizeof(T)) name##2 { T x, y; }; \
  struct name##3 { T x, y, z; }; \
  struct __align__(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T)) name##4 { T x, y, z, w; }; \
  static inline name##2 make_##name##2(T x, T y) { return {x, y}; } \
  static inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; } \
  static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
SOFTWARE_VECTORS(float, float)
SOFTWARE_VECTORS(double, double)
SOFTWARE_VECTORS(int, int)
SOFTWARE_VECTORS(short, short)
SOFTWARE_VECTORS(unsigned short, ushort)
SOFTWARE_VECTORS(unsigned char, uchar)
SOFTWARE_VECTORS(long long, longlong)
struct __align__(8) uint2 { unsigned x, y; };
struct __align__(16) uint4 { unsigned x, y, z, w; };
static inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// Atomics: threads switch only at barriers.
template <class T, class U> static inline T atomicAdd(T *p, U x) { T old = *p; *p = (T)(old + (T)x); return old; }
template <class T, class U> static inline T atomicSub(T *p, U x) { T old = *p; *p = (T)(old - (T)x); return old; }
template <class T, class U> static inline T atomicMax(T *p, U x) { T old = *p; if (old < (T)x) *p = (T)x; return old; }
template <class T, class U> static inline T atomicMin(T *p, U x) { T old = *p; if ((T)x < old) *p = (T)x; return old; }
template <class T, class U> static inline T atomicAnd(T *p, U x) { T old = *p; *p = old & (T)x; return old; }
template <class T, class U> static inline T atomicOr(T *p, U x) { T old = *p; *p = old | (T)x; return old; }
template <class T, class U> static inline T atomicExch(T *p, U x) { T old = *p; *p = (T)x; return old; }
template <class T, class U, class V> static inline T atomicCAS(T *p, U compare, V x) {
  T old = *p;
  if (old == (T)compare) *p = (T)x;
  return old;
}

// Warps: lanes write values before a barrier, read them after it, and continue after a second one.
static inline unsigned softwareLinear() {
  return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
}
template <class T> static inline T softwareExchange(unsigned mask, T value, int lane) {
  static_assert(sizeof(T) <= 8, "a lane exchanges at most 64 bits");
  unsigned own = softwareLinear();
  memcpy(&softwareState.exchanged[own], &value, sizeof value);
  softwareState.warpBarrier(mask);
  T got;
  memcpy(&got, &softwareState.exchanged[(own & ~31u) + (unsigned)lane], sizeof got);
  softwareState.warpBarrier(mask);
  return got;
}
template <class T> static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  int lane = (int)(softwareLinear() & 31u);
  return softwareExchange(mask, value, (lane & ~(width - 1)) + (source & (width - 1)));
}
template <class T> static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  int lane = (int)(softwareLinear() & 31u), source = lane ^ bits;
  return softwareExchange(mask, value, source < (lane & ~(width - 1)) + width ? source : lane);
}
template <class T> static inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {
  int lane = (int)(softwareLinear() & 31u), source = lane + (int)by;
  return softwareExchange(mask, value, source < (lane & ~(width - 1)) + width ? source : lane);
}
template <class T> static inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {
  int lane = (int)(softwareLinear() & 31u), source = lane - (int)by;
  return softwareExchange(mask, value, source >= (lane & ~(width - 1)) ? source : lane);
}
static inline unsigned __ballot_sync(unsigned mask, int predicate) {
  unsigned own = softwareLinear();
  softwareState.exchanged[own] = predicate != 0;
  softwareState.warpBarrier(mask);
  unsigned bits = 0;
  for (unsigned lane = 0; lane < 32; lane++) {
    if (mask >> lane & 1u && softwareState.exchanged[(own & ~31u) + lane] == 1) bits |= 1u << lane;
  }
  softwareState.warpBarrier(mask);
  return bits;
}
static inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
static inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

// Calls a kernel with parameters of 64 bits each.
template <unsigned... I> struct SoftwareIndices {};
template <unsigned N, unsigned... I> struct SoftwareCount : SoftwareCount<N - 1, N - 1, I...> {};
template <unsigned... I> struct SoftwareCount<0, I...> { typedef SoftwareIndices<I...> list; };
template <class T> static inline T softwareParameter(const long long &bits) {
  static_assert(sizeof(T) == 8, "every parameter of a kernel has 64 bits");
  T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
template <class... A, unsigned... I>
static inline void softwareCall(void (*kernel)(A...), const long long *p, SoftwareIndices<I...>) {
  kernel(softwareParameter<A>(p[I])...);
}
template <class... A> static inline void softwareCall(void (*kernel)(A...), const long long *p) {
  softwareCall(kernel, p, typename SoftwareCount<sizeof...(A)>::list());
}
template <class... A> static constexpr int softwareParameters(void (*)(A...)) { return sizeof...(A); }
#define SOFTWARE_KERNEL(name, barriers) \
  extern "C" __attribute__((visibility("default"))) void softwareCall_##name(const long long *p) { \
    softwareCall(name, p); \
  } \
  extern "C" __attribute__((visibility("default"))) const int softwareParameters_##name; \
  const int softwareParameters_##name = softwareParameters(name); \
  extern "C" __attribute__((visibility("default"))) const int softwareBarriers_##name; \
  const int softwareBarriers_##name = barriers;
