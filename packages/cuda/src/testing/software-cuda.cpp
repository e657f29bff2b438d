// CUDA device in software, for tests on computers without a GPU: the functions of the driver, NVRTC and
// cuBLAS that the executor calls, with the same names, types and values. It is stricter than a GPU:
//
// - Queued work runs late, when somebody waits for it, which reveals buffers that are reused too early.
//   The first query of an event always answers "not ready".
// - Fresh memory, and shared memory of each block, hold NaN in every floating-point type.
// - Blocks run in a shuffled order, and so do the threads of a block between two barriers.
// - Out-of-bounds accesses are detected, most of them by guard pages around allocations.
// - Calls without a current context, with a released handle, or with a wrong number of kernel
//   parameters fail.
//
// Kernels are compiled by g++ with software-kernel.h, and cached next to this library.
//
// TURNWISE_SOFTWARE_CUDA_BYTES sets the memory size (default 4 GiB); with TURNWISE_SOFTWARE_CUDA_LOG
// each refused call is explained on standard error.
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using Lock = std::lock_guard<std::recursive_mutex>;
std::recursive_mutex mutex;

// CUresult.
enum Status {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  notInitialized = 3,
  invalidDevice = 101,
  invalidImage = 200,
  invalidContext = 201,
  invalidHandle = 400,
  notFound = 500,
  notReady = 600,
  illegalAddress = 700,
  launchFailed = 719,
  captureUnsupported = 900,
};

const char *statusName(int status) {
  switch (status) {
  case success: return "CUDA_SUCCESS";
  case invalidValue: return "CUDA_ERROR_INVALID_VALUE";
  case outOfMemory: return "CUDA_ERROR_OUT_OF_MEMORY";
  case notInitialized: return "CUDA_ERROR_NOT_INITIALIZED";
  case invalidDevice: return "CUDA_ERROR_INVALID_DEVICE";
  case invalidImage: return "CUDA_ERROR_INVALID_IMAGE";
  case invalidContext: return "CUDA_ERROR_INVALID_CONTEXT";
  case invalidHandle: return "CUDA_ERROR_INVALID_HANDLE";
  case notFound: return "CUDA_ERROR_NOT_FOUND";
  case notReady: return "CUDA_ERROR_NOT_READY";
  case illegalAddress: return "CUDA_ERROR_ILLEGAL_ADDRESS";
  case launchFailed: return "CUDA_ERROR_LAUNCH_FAILED";
  case captureUnsupported: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
  default: return nullptr;
  }
}

bool isInitialized = false;
int numContexts = 0;
// There is one context; it is current in a thread or not.
const int contextObject = 0;
void *const context = const_cast<int *>(&contextObject);
thread_local void *currentContext = nullptr;

// First error on the device, returned by every later call until the context is released.
int brokenStatus = success;
std::string brokenMessage;

void breakDevice(int status, const std::string &message) {
  if (brokenStatus != success) return;
  brokenStatus = status;
  brokenMessage = message;
}

int misuse(int status, const std::string &message) {
  if (getenv("TURNWISE_SOFTWARE_CUDA_LOG")) fprintf(stderr, "software CUDA: %s\n", message.c_str());
  brokenMessage = message;
  return status;
}

// Memory.

const size_t alignment = 256;
const unsigned char poison = 0xff, guard = 0xfd;

size_t memoryLimit() {
  const char *text = getenv("TURNWISE_SOFTWARE_CUDA_BYTES");
  return text ? strtoull(text, nullptr, 10) : (size_t)4 << 30;
}

struct Allocation {
  char *mapping;
  size_t mapped;
  size_t bytes;
};
std::map<uintptr_t, Allocation> allocations;
std::map<uintptr_t, size_t> pinned;
size_t usedBytes = 0;

size_t pageSize() { return (size_t)sysconf(_SC_PAGESIZE); }
size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

// Each allocation lies between two guards of inaccessible pages. It ends as close to the second guard
// as its alignment allows, and the gaps are filled with a pattern.
const size_t fence = (size_t)16 << 20;

uintptr_t mapMemory(size_t bytes) {
  size_t padded = roundUp(bytes, alignment), inner = roundUp(padded, pageSize());
  size_t mapped = inner + 2 * fence;
  void *mapping = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return 0;
  char *first = (char *)mapping + fence;
  if (mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, mapped);
    return 0;
  }
  char *start = first + inner - padded;
  memset(first, guard, (size_t)(start - first));
  memset(start, poison, bytes);
  memset(start + bytes, guard, padded - bytes);
  allocations[(uintptr_t)start] = {(char *)mapping, mapped, bytes};
  return (uintptr_t)start;
}

bool areGuardsWhole(uintptr_t start, const Allocation &allocation) {
  const char *first = allocation.mapping + fence;
  const char *end = (const char *)start + allocation.bytes;
  const char *last = (const char *)start + roundUp(allocation.bytes, alignment);
  auto isGuard = [](char c) { return (unsigned char)c == guard; };
  return std::all_of(first, (const char *)start, isGuard) && std::all_of(end, last, isGuard);
}

// Allocation that contains an address, or ends before it.
std::map<uintptr_t, Allocation>::iterator allocationAt(uintptr_t address) {
  auto at = allocations.upper_bound(address);
  return at == allocations.begin() ? allocations.end() : --at;
}

bool isOnDevice(uintptr_t address, size_t bytes) {
  auto at = allocationAt(address);
  return at != allocations.end() && address + bytes <= at->first + at->second.bytes;
}

bool isPinned(uintptr_t address, size_t bytes) {
  auto at = pinned.upper_bound(address);
  if (at == pinned.begin()) return false;
  --at;
  return address + bytes <= at->first + at->second;
}

// Streams and events.

using Graph = std::vector<std::function<void()>>;
struct Stream {
  std::deque<std::function<void()>> queue;
  // Work that is recorded instead of queued.
  std::unique_ptr<Graph> capture;
};
std::set<Graph *> graphs;
struct Event {
  Stream *stream = nullptr;
  bool isRecorded = false, isPassed = true, wasAsked = false;
  unsigned long long generation = 0;
};
std::set<Stream *> streams;
std::set<Event *> events;

void runOne(Stream *stream) {
  auto work = std::move(stream->queue.front());
  stream->queue.pop_front();
  // After an error no work runs, but events still complete.
  work();
}

void runAll(Stream *stream) {
  while (!stream->queue.empty()) runOne(stream);
}

void runEverything() {
  for (Stream *stream : streams) runAll(stream);
}

void enqueue(Stream *stream, std::function<void()> work) {
  stream->queue.push_back(std::move(work));
  // Bounded, like on a device.
  if (stream->queue.size() > 1024) runOne(stream);
}

void enqueueWork(Stream *stream, std::function<void()> work) {
  if (stream->capture) return stream->capture->push_back(std::move(work));
  enqueue(stream, [work = std::move(work)] {
    if (brokenStatus == success) work();
  });
}

// Common start of most calls.
int begin() {
  if (!isInitialized) return notInitialized;
  if (currentContext == nullptr || numContexts == 0) return invalidContext;
  return brokenStatus;
}

int beginOn(Stream *stream) {
  int status = begin();
  if (status != success) return status;
  return streams.count(stream) ? success : invalidHandle;
}
// Start of calls that wait or use host memory: they cannot be recorded.
bool isCapturing() {
  return std::any_of(streams.begin(), streams.end(), [](Stream *stream) { return stream->capture != nullptr; });
}
int beginNow() { return isCapturing() ? (int)captureUnsupported : begin(); }
int beginNowOn(Stream *stream) { return isCapturing() ? (int)captureUnsupported : beginOn(stream); }

// Kernels.

struct State { // SoftwareState of software-kernel.h
  struct Three {
    unsigned x, y, z;
  } thread, block, blockSize, gridSize;
  char *dynamicShared;
  unsigned long long *exchanged;
  void (*blockBarrier)(int);
  void (*warpBarrier)(unsigned);
  void (*trap)();
};

struct Module {
  void *library;
  State *state;
  char *sharedStart, *sharedEnd;
};
struct Kernel {
  Module *module;
  std::string name;
  void (*call)(const long long *);
  int numParameters;
  bool hasBarriers;
  int maxDynamicShared = 48 << 10;
};
std::set<Module *> modules;
std::set<Kernel *> kernels;

const int maxThreads = 1024, maxShared = 227 << 10;
const size_t stackBytes = 256 << 10;

// Thread of a block, with its own stack. On x86-64 a switch takes a few instructions; elsewhere it uses
// the C library, which makes a system call for signals.
struct Fiber {
  enum { ready, atBlockBarrier, atWarpBarrier, done } state = ready;
  int line = 0;
  unsigned mask = 0;
#ifdef __x86_64__
  void *stack = nullptr;
#else
  ucontext_t context;
#endif
};

struct Run {
  const Kernel *kernel;
  const long long *parameters;
  unsigned blockSize;
  std::vector<Fiber> fibers;
  unsigned current = 0;
#ifdef __x86_64__
  void *scheduler = nullptr;
#else
  ucontext_t scheduler;
#endif
};
thread_local Run *run = nullptr;
thread_local sigjmp_buf escape;
thread_local volatile bool canEscape = false;
thread_local int escapeStatus;
thread_local const char *escapeMessage;

[[noreturn]] void leave(int status, const char *message) {
  escapeStatus = status;
  escapeMessage = message;
  canEscape = false;
  siglongjmp(escape, 1);
}

#ifdef __x86_64__
extern "C" void softwareSwitch(void **save, void *load);
asm(R"(
.text
.hidden softwareSwitch
.globl softwareSwitch
.type softwareSwitch, @function
softwareSwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size softwareSwitch, .-softwareSwitch
)");
void toScheduler() { softwareSwitch(&run->fibers[run->current].stack, run->scheduler); }
void toFiber(unsigned i) { softwareSwitch(&run->scheduler, run->fibers[i].stack); }
#else
void toScheduler() { swapcontext(&run->fibers[run->current].context, &run->scheduler); }
void toFiber(unsigned i) { swapcontext(&run->scheduler, &run->fibers[i].context); }
#endif

void fiberMain() {
  run->kernel->call(run->parameters);
  run->fibers[run->current].state = Fiber::done;
  toScheduler();
  abort(); // A fiber that is done is not resumed.
}

void prepareFiber(Fiber &fiber, char *stack) {
  fiber.state = Fiber::ready;
#ifdef __x86_64__
  void **top = (void **)(stack + stackBytes) - 2;
  top[0] = (void *)fiberMain;
  fiber.stack = top - 6;
#else
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack;
  fiber.context.uc_stack.ss_size = stackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, fiberMain, 0);
#endif
}

void blockBarrier(int line) {
  if (!canEscape || run->fibers.empty()) leave(launchFailed, "a barrier in a kernel that has none");
  Fiber &fiber = run->fibers[run->current];
  fiber.state = Fiber::atBlockBarrier;
  fiber.line = line;
  toScheduler();
}

void warpBarrier(unsigned mask) {
  if (!canEscape || run->fibers.empty()) leave(launchFailed, "a barrier in a kernel that has none");
  Fiber &fiber = run->fibers[run->current];
  fiber.state = Fiber::atWarpBarrier;
  fiber.mask = mask;
  toScheduler();
}

void trap() { leave(launchFailed, "__trap"); }

uint64_t randomState = 0x9e3779b97f4a7c15u;
uint64_t nextRandom() {
  randomState ^= randomState << 13;
  randomState ^= randomState >> 7;
  randomState ^= randomState << 17;
  return randomState;
}
// Permutation of 0 to n - 1 without memory: multiples of a number coprime to n.
struct Order {
  uint64_t n, step, start;
  explicit Order(uint64_t count) : n(count), step(1), start(nextRandom() % count) {
    for (int tries = 0; tries < 64 && n > 2; tries++) {
      uint64_t candidate = 1 + nextRandom() % (n - 1), a = n, b = candidate;
      while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
      }
      if (a == 1) {
        step = candidate;
        break;
      }
    }
  }
  uint64_t operator[](uint64_t i) const { return (uint64_t)(((unsigned __int128)i * step + start) % n); }
};

void setThread(State *state, unsigned i) {
  state->thread = {i % state->blockSize.x, i / state->blockSize.x % state->blockSize.y,
                   i / state->blockSize.x / state->blockSize.y};
}

// Releases lanes whose partners have all arrived.
bool releaseWarps() {
  bool released = false;
  auto &fibers = run->fibers;
  for (size_t warp = 0; warp < fibers.size(); warp += 32) {
    size_t count = std::min<size_t>(32, fibers.size() - warp);
    unsigned ready = 0;
    for (size_t i = 0; i < count; i++) {
      Fiber &own = fibers[warp + i];
      if (own.state != Fiber::atWarpBarrier) continue;
      bool complete = true;
      for (size_t j = 0; j < count; j++) {
        Fiber &other = fibers[warp + j];
        if (!(own.mask >> j & 1u) || other.state == Fiber::done) continue;
        complete = complete && other.state == Fiber::atWarpBarrier && other.mask == own.mask;
      }
      if (complete) ready |= 1u << i;
    }
    for (size_t i = 0; i < count; i++) {
      if (ready >> i & 1u) fibers[warp + i].state = Fiber::ready;
    }
    released = released || ready;
  }
  return released;
}

void runBlockOfFibers(State *state, char *stacks) {
  auto &fibers = run->fibers;
  for (size_t i = 0; i < fibers.size(); i++) prepareFiber(fibers[i], stacks + i * stackBytes);
  for (;;) {
    Order order(fibers.size());
    bool ran = false;
    for (size_t i = 0; i < fibers.size(); i++) {
      unsigned thread = (unsigned)order[i];
      if (fibers[thread].state != Fiber::ready) continue;
      run->current = thread;
      setThread(state, thread);
      toFiber(thread);
      ran = true;
    }
    if (ran || releaseWarps()) continue;
    int line = 0;
    bool isWaiting = false;
    for (Fiber &fiber : fibers) {
      if (fiber.state == Fiber::done) continue;
      if (fiber.state == Fiber::atWarpBarrier) leave(launchFailed, "lanes of a warp wait for others");
      if (isWaiting && fiber.line != line) leave(launchFailed, "threads wait at different barriers");
      isWaiting = true;
      line = fiber.line;
    }
    if (!isWaiting) return;
    for (Fiber &fiber : fibers) {
      if (fiber.state == Fiber::atBlockBarrier) fiber.state = Fiber::ready;
    }
  }
}

char *fiberStacks() {
  static thread_local char *stacks = nullptr;
  if (!stacks) {
    void *mapping = mmap(nullptr, maxThreads * stackBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) abort();
    stacks = (char *)mapping;
  }
  return stacks;
}

const int caught[] = {SIGSEGV, SIGBUS, SIGFPE};
struct sigaction before[3];

void onSignal(int signal, siginfo_t *info, void *machine) {
  if (canEscape) leave(illegalAddress, signal == SIGFPE ? "a division by zero" : "an access outside of memory");
  // Signal of another thread: restore the previous handler.
  for (int i = 0; i < 3; i++) {
    if (caught[i] != signal) continue;
    if (before[i].sa_flags & SA_SIGINFO) before[i].sa_sigaction(signal, info, machine);
    else if (before[i].sa_handler != SIG_DFL && before[i].sa_handler != SIG_IGN) before[i].sa_handler(signal);
    else sigaction(signal, &before[i], nullptr);
  }
}

void runGrid(Run &work, Module *module, State::Three grid, State::Three block, unsigned sharedBytes) {
  State *state = module->state;
  // Aligned like on a device.
  alignas(128) static thread_local char dynamicShared[maxShared];
  static thread_local unsigned long long exchanged[maxThreads];
  state->gridSize = grid;
  state->blockSize = block;
  state->dynamicShared = dynamicShared;
  state->exchanged = exchanged;
  state->blockBarrier = blockBarrier;
  state->warpBarrier = warpBarrier;
  state->trap = trap;
  char *stacks = work.kernel->hasBarriers ? fiberStacks() : nullptr;
  if (work.kernel->hasBarriers) work.fibers.resize(work.blockSize);
  uint64_t numBlocks = (uint64_t)grid.x * grid.y * grid.z;
  Order order(numBlocks);
  for (uint64_t i = 0; i < numBlocks; i++) {
    uint64_t which = order[i];
    state->block = {(unsigned)(which % grid.x), (unsigned)(which / grid.x % grid.y),
                    (unsigned)(which / grid.x / grid.y)};
    if (module->sharedStart) memset(module->sharedStart, poison, (size_t)(module->sharedEnd - module->sharedStart));
    memset(dynamicShared, poison, sharedBytes);
    if (work.kernel->hasBarriers) {
      memset(exchanged, poison, sizeof exchanged);
      runBlockOfFibers(state, stacks);
    } else {
      Order threads(work.blockSize);
      for (unsigned j = 0; j < work.blockSize; j++) {
        setThread(state, (unsigned)threads[j]);
        work.kernel->call(work.parameters);
      }
    }
  }
}

void runKernel(const Kernel *kernel, const std::vector<long long> &parameters, State::Three grid,
               State::Three block, unsigned sharedBytes) {
  if (!kernels.count(const_cast<Kernel *>(kernel))) return breakDevice(invalidHandle, "a kernel of an unloaded module");
  Run work{kernel, parameters.data(), block.x * block.y * block.z, {}, 0, {}};
  run = &work;
  struct sigaction action = {};
  action.sa_sigaction = onSignal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  for (int i = 0; i < 3; i++) sigaction(caught[i], &action, &before[i]);
  if (sigsetjmp(escape, 1) == 0) {
    canEscape = true;
    runGrid(work, kernel->module, grid, block, sharedBytes);
    canEscape = false;
  } else {
    std::ostringstream message;
    State::Three at = kernel->module->state->block, thread = kernel->module->state->thread;
    message << "kernel " << kernel->name << ", block " << at.x << ", thread " << thread.x << ": " << escapeMessage;
    breakDevice(escapeStatus, message.str());
  }
  for (int i = 0; i < 3; i++) sigaction(caught[i], &before[i], nullptr);
  run = nullptr;
  // The kernel may have written around the allocations it has pointers to.
  for (long long parameter : parameters) {
    auto at = allocationAt((uintptr_t)parameter);
    if (at != allocations.end() && !areGuardsWhole(at->first, at->second)) {
      breakDevice(illegalAddress, "kernel " + kernel->name + ": it wrote around an allocation");
    }
  }
}

// NVRTC.

std::string libraryFolder() {
  Dl_info info;
  if (!dladdr((void *)libraryFolder, &info)) abort();
  std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

struct Program {
  std::string source, log, image;
};
std::set<Program *> programs;
const std::string imageMark = "software CUDA module ";

std::string readFile(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Splits a source at the qualifiers of its functions.
struct Piece {
  std::string name, text;
  bool isKernel;
};

std::vector<Piece> splitFunctions(const std::string &source) {
  static const std::regex qualifier(R"(__(global|device)__)"), name(R"((\w+)\s*\()");
  std::vector<std::pair<size_t, bool>> starts;
  for (std::sregex_iterator at(source.begin(), source.end(), qualifier), end; at != end; ++at) {
    starts.push_back({(size_t)at->position(), (*at)[1] == "global"});
  }
  std::vector<Piece> pieces;
  for (size_t i = 0; i < starts.size(); i++) {
    size_t stop = i + 1 < starts.size() ? starts[i + 1].first : source.size();
    std::string text = source.substr(starts[i].first, stop - starts[i].first);
    std::string head = std::regex_replace(text.substr(0, 4096), std::regex(R"(__launch_bounds__\s*\([^)]*\))"), "");
    std::smatch match;
    if (std::regex_search(head, match, name)) pieces.push_back({match[1], text, starts[i].second});
  }
  return pieces;
}

bool mentions(const std::string &text, const std::string &word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    char after = at + word.size() < text.size() ? text[at + word.size()] : ' ';
    char ahead = at > 0 ? text[at - 1] : ' ';
    if (!isalnum((unsigned char)after) && after != '_' && !isalnum((unsigned char)ahead) && ahead != '_') return true;
  }
  return false;
}

// Kernels that reach barriers, also in functions that they call: others need no stack per thread.
std::map<std::string, bool> findKernels(const std::string &source) {
  std::vector<Piece> pieces = splitFunctions(source);
  std::set<std::string> words = {"__syncthreads",   "__syncwarp",      "__shfl_sync",    "__shfl_xor_sync", "__shfl_down_sync",
                                 "__shfl_up_sync", "__ballot_sync", "__any_sync", "__all_sync"};
  // A macro may contain a barrier.
  static const std::regex macro(R"(#define\s+(\w+)[^\n]*(?:\\\n[^\n]*)*)");
  for (std::sregex_iterator at(source.begin(), source.end(), macro), end; at != end; ++at) {
    std::string text = at->str();
    for (const std::string &word : std::set<std::string>(words)) {
      if (mentions(text, word)) words.insert((*at)[1]);
    }
  }
  auto meets = [&](const Piece &piece) {
    return std::any_of(words.begin(), words.end(), [&](const std::string &word) { return mentions(piece.text, word); });
  };
  for (size_t before = 0; before != words.size();) {
    before = words.size();
    for (const Piece &piece : pieces) {
      if (!piece.isKernel && meets(piece)) words.insert(piece.name);
    }
  }
  std::map<std::string, bool> found;
  for (const Piece &piece : pieces) {
    if (piece.isKernel) found[piece.name] = meets(piece);
  }
  return found;
}

std::string withoutComments(const std::string &source) {
  std::string out;
  for (size_t i = 0; i < source.size(); i++) {
    if (source.compare(i, 2, "//") == 0) {
      while (i < source.size() && source[i] != '\n') i++;
    } else if (source.compare(i, 2, "/*") == 0) {
      size_t end = source.find("*/", i + 2);
      for (; i < source.size() && i < end + 2; i++) {
        if (source[i] == '\n') out += '\n';
      }
      i--;
      continue;
    }
    if (i < source.size()) out += source[i];
  }
  return out;
}

std::string translate(const std::string &source) {
  std::string text = withoutComments(source);
  static const std::regex dynamicShared(
      R"(extern\s+__shared__\s+(__align__\s*\(\s*\d+\s*\)\s*)?([\w\s]+?)\s+(\w+)\s*\[\s*\]\s*;)");
  std::string body = std::regex_replace(text, dynamicShared, "$2 *const $3 = ($2 *)softwareState.dynamicShared;");
  std::ostringstream out;
  out << "namespace {\n" << body << "\n}\n"
      << "extern \"C\" { __attribute__((visibility(\"default\"))) SoftwareState softwareState; }\n";
  for (const auto &kernel : findKernels(text)) {
    out << "SOFTWARE_KERNEL(" << kernel.first << ", " << kernel.second << ")\n";
  }
  // Looked up by name: without a shared array there is no section.
  out << "extern \"C\" __attribute__((weak)) char __start_software_shared, __stop_software_shared;\n"
      << "extern \"C\" __attribute__((visibility(\"default\"))) char *softwareSharedStart() { return &__start_software_shared; }\n"
      << "extern \"C\" __attribute__((visibility(\"default\"))) char *softwareSharedEnd() { return &__stop_software_shared; }\n";
  return out.str();
}

std::string hashOf(const std::string &text) {
  uint64_t a = 0xcbf29ce484222325u, b = 0x84222325cbf29ce4u;
  for (unsigned char c : text) {
    a = (a ^ c) * 0x100000001b3u;
    b = (b + c) * 0x9e3779b97f4a7c15u ^ b >> 29;
  }
  char hex[33];
  snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
  return hex;
}

bool compile(Program *program) {
  std::string text = translate(program->source), folder = libraryFolder() + "/kernels";
  mkdir(folder.c_str(), 0777);
  std::string path = folder + "/" + hashOf(text) + ".so";
  if (access(path.c_str(), R_OK) != 0) {
    // Another process may compile the same kernel: rename only when the file is complete.
    char work[] = "/tmp/software-cuda-XXXXXX";
    if (!mkdtemp(work)) {
      program->log = "no temporary folder";
      return false;
    }
    std::string base = work, source = base + "/kernels.cu";
    std::string built = path + "." + std::to_string(getpid()) + "." + hashOf(base).substr(0, 8);
    std::ofstream(source) << text;
    std::ifstream flagsFile(libraryFolder() + "/kernel-flags");
    std::string flags;
    std::getline(flagsFile, flags);
    // The C library is already loaded.
    std::string command = "cd '" + base + "' && LC_ALL=C g++ " + flags + " -shared -nostdlib -include '" + libraryFolder() +
                          "/software-kernel.h' -x c++ kernels.cu -o '" + built + "' -lm 2>log";
    int result = system(command.c_str());
    program->log = readFile(base + "/log");
    unlink(source.c_str());
    unlink((base + "/log").c_str());
    rmdir(work);
    if (result != 0 || rename(built.c_str(), path.c_str()) != 0) {
      unlink(built.c_str());
      return false;
    }
  }
  program->image = imageMark + path;
  return true;
}

// cuBLAS.

enum NumberType { float32 = 0, float16 = 2, bfloat16 = 14 };
enum ComputeType { compute32 = 68, computeFast16 = 74, computeFastB16 = 75, computeFastT32 = 77 };
enum ProductStatus { productSuccess = 0, productNotInitialized = 1, productInvalid = 7, productUnsupported = 15 };

struct Products {
  Stream *stream = nullptr;
};
std::set<Products *> productHandles;

size_t sizeOf(int type) { return type == float32 ? 4 : 2; }

template <class To, class From> To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

// Rounds to nearest, ties to even, dropping bits of the mantissa.
float roundMantissa(float x, int fewer) {
  uint32_t b = bits<uint32_t>(x);
  if ((b & 0x7fffffffu) >= 0x7f800000u) return x;
  b += ((1u << (fewer - 1)) - 1u) + (b >> fewer & 1u);
  return bits<float>(b & ~((1u << fewer) - 1u));
}

float halfToFloat(uint16_t h) {
  int exponent = h >> 10 & 31, mantissa = h & 1023;
  float value = exponent == 0    ? std::ldexp((float)mantissa, -24)
                : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                 : std::ldexp((float)(mantissa | 1024), exponent - 25);
  return h & 0x8000 ? -value : value;
}

uint16_t floatToHalf(float x) {
  uint32_t b = bits<uint32_t>(x), sign = b >> 16 & 0x8000u;
  float size = std::fabs(x);
  if (size != size) return 0x7fff;
  if (size >= 65520.0f) return (uint16_t)(sign | 0x7c00u);
  if (size < 6.103515625e-5f) return (uint16_t)(sign | (uint32_t)std::rint(std::ldexp(size, 24)));
  uint32_t rounded = (b & 0x7fffffffu) - (112u << 23);
  rounded += 0xfffu + (rounded >> 13 & 1u);
  return (uint16_t)(sign | rounded >> 13);
}

float load(const char *base, size_t i, int type) {
  if (type == float32) return ((const float *)base)[i];
  uint16_t h = ((const uint16_t *)base)[i];
  return type == bfloat16 ? bits<float>((uint32_t)h << 16) : halfToFloat(h);
}

void store(char *base, size_t i, int type, float value) {
  if (type == float32) ((float *)base)[i] = value;
  else if (type == float16) ((uint16_t *)base)[i] = floatToHalf(value);
  else ((uint16_t *)base)[i] = value != value ? 0x7fff : (uint16_t)(bits<uint32_t>(roundMantissa(value, 16)) >> 16);
}

struct Gemm {
  int transposeA, transposeB, m, n, k;
  float alpha, beta;
  uintptr_t a, b, c;
  int aType, bType, cType, lda, ldb, ldc;
  long long strideA, strideB, strideC;
  int batches, compute;
};

// True if the column-major matrices of all products are in device memory.
bool isMatrixOnDevice(uintptr_t address, int type, int rows, int columns, int ld, long long stride, int batches) {
  if (rows == 0 || columns == 0) return true;
  size_t last = (size_t)(batches - 1) * (size_t)stride + (size_t)(columns - 1) * (size_t)ld + (size_t)rows;
  return isOnDevice(address, last * sizeOf(type));
}

void runGemm(const Gemm &g) {
  auto rounded = [&](float x) {
    if (g.aType != float32) return x;
    if (g.compute == computeFastT32) return roundMantissa(x, 13);
    if (g.compute == computeFastB16) return roundMantissa(x, 16);
    return x;
  };
  std::vector<float> a((size_t)g.m * g.k), b((size_t)g.k * g.n);
  std::vector<double> column((size_t)g.m);
  for (int batch = 0; batch < g.batches; batch++) {
    const char *aBase = (const char *)g.a + (size_t)batch * g.strideA * sizeOf(g.aType);
    const char *bBase = (const char *)g.b + (size_t)batch * g.strideB * sizeOf(g.bType);
    char *cBase = (char *)g.c + (size_t)batch * g.strideC * sizeOf(g.cType);
    for (int p = 0; p < g.k; p++) {
      for (int i = 0; i < g.m; i++) {
        size_t at = g.transposeA ? (size_t)i * g.lda + p : (size_t)p * g.lda + i;
        a[(size_t)p * g.m + i] = rounded(load(aBase, at, g.aType));
      }
    }
    for (int j = 0; j < g.n; j++) {
      for (int p = 0; p < g.k; p++) {
        size_t at = g.transposeB ? (size_t)p * g.ldb + j : (size_t)j * g.ldb + p;
        b[(size_t)j * g.k + p] = rounded(load(bBase, at, g.bType));
      }
    }
    for (int j = 0; j < g.n; j++) {
      std::fill(column.begin(), column.end(), 0.0);
      for (int p = 0; p < g.k; p++) {
        double factor = b[(size_t)j * g.k + p];
        const float *from = &a[(size_t)p * g.m];
        for (int i = 0; i < g.m; i++) column[i] += factor * from[i];
      }
      for (int i = 0; i < g.m; i++) {
        size_t at = (size_t)j * g.ldc + i;
        // A beta of 0 must not read the result, which may be NaN.
        double old = g.beta == 0 ? 0 : (double)g.beta * load(cBase, at, g.cType);
        store(cBase, at, g.cType, (float)((double)g.alpha * column[i] + old));
      }
    }
  }
}

int queueGemm(Products *products, Gemm g) {
  if (!productHandles.count(products)) return productNotInitialized;
  if (begin() != success) return 13;
  auto fits = [](int ld, int rows) { return ld >= std::max(1, rows); };
  if (g.m < 0 || g.n < 0 || g.k < 0 || g.batches < 0 || !fits(g.lda, g.transposeA ? g.k : g.m) ||
      !fits(g.ldb, g.transposeB ? g.n : g.k) || !fits(g.ldc, g.m) || (unsigned)g.transposeA > 1 || (unsigned)g.transposeB > 1) {
    return productInvalid;
  }
  auto isType = [](int type) { return type == float32 || type == float16 || type == bfloat16; };
  bool isFast = g.compute == computeFastB16 || g.compute == computeFastT32;
  if (!isType(g.aType) || g.bType != g.aType || (g.cType != g.aType && g.cType != float32) ||
      (g.compute != compute32 && !isFast) || (isFast && g.aType != float32)) {
    return productUnsupported;
  }
  if (g.m == 0 || g.n == 0 || g.batches == 0) return productSuccess;
  enqueueWork(products->stream, [g] {
    bool isWhole =
        isMatrixOnDevice(g.a, g.aType, g.transposeA ? g.k : g.m, g.transposeA ? g.m : g.k, g.lda, g.strideA, g.batches) &&
        isMatrixOnDevice(g.b, g.bType, g.transposeB ? g.n : g.k, g.transposeB ? g.k : g.n, g.ldb, g.strideB, g.batches) &&
        isMatrixOnDevice(g.c, g.cType, g.m, g.n, g.ldc, g.strideC, g.batches);
    if (!isWhole) return breakDevice(illegalAddress, "a product of matrices outside of memory");
    runGemm(g);
  });
  return productSuccess;
}

} // namespace

// The driver.

EXPORT int cuInit(unsigned flags) {
  Lock lock(mutex);
  if (flags != 0) return invalidValue;
  isInitialized = true;
  return success;
}

EXPORT int cuDriverGetVersion(int *version) {
  if (!version) return invalidValue;
  *version = 12080;
  return success;
}

EXPORT int cuGetErrorName(int status, const char **text) {
  *text = statusName(status);
  return *text ? success : invalidValue;
}

EXPORT int cuGetErrorString(int status, const char **text) {
  Lock lock(mutex);
  static std::string said;
  said = brokenMessage.empty() ? "software CUDA" : brokenMessage;
  *text = said.c_str();
  return statusName(status) ? success : invalidValue;
}

EXPORT int cuDeviceGetCount(int *count) {
  if (!isInitialized) return notInitialized;
  *count = 1;
  return success;
}

EXPORT int cuDeviceGet(int *device, int ordinal) {
  if (!isInitialized) return notInitialized;
  if (ordinal != 0) return invalidDevice;
  *device = 0;
  return success;
}

EXPORT int cuDeviceGetName(char *name, int size, int device) {
  if (device != 0) return invalidDevice;
  snprintf(name, (size_t)size, "Software CUDA");
  return success;
}

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (device != 0) return invalidDevice;
  switch (attribute) {
  case 16: *value = 2; return success;         // multiprocessors
  case 75: *value = 9; return success;         // compute capability
  case 76: *value = 0; return success;
  case 97: *value = maxShared; return success; // shared memory of a block, at most
  default: return invalidValue;
  }
}

EXPORT int cuDevicePrimaryCtxRetain(void **to, int device) {
  Lock lock(mutex);
  if (!isInitialized) return notInitialized;
  if (device != 0) return invalidDevice;
  if (brokenStatus != success) return brokenStatus;
  numContexts++;
  *to = context;
  return success;
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
  Lock lock(mutex);
  if (device != 0) return invalidDevice;
  if (numContexts == 0) return invalidContext;
  if (--numContexts > 0) return success;
  runEverything();
  for (const auto &each : allocations) munmap(each.second.mapping, each.second.mapped);
  allocations.clear();
  usedBytes = 0;
  brokenStatus = success;
  brokenMessage.clear();
  return success;
}

EXPORT int cuCtxSetCurrent(void *to) {
  if (to != nullptr && to != context) return invalidContext;
  currentContext = to;
  return success;
}

EXPORT int cuMemGetInfo_v2(size_t *free, size_t *total) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  *total = memoryLimit();
  *free = usedBytes < *total ? *total - usedBytes : 0;
  return success;
}

EXPORT int cuMemAlloc_v2(uintptr_t *address, size_t bytes) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  if (bytes == 0) return invalidValue;
  if (bytes > memoryLimit() || usedBytes + bytes > memoryLimit()) return outOfMemory;
  *address = mapMemory(bytes);
  if (*address == 0) return outOfMemory;
  usedBytes += bytes;
  return success;
}

EXPORT int cuMemFree_v2(uintptr_t address) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  runEverything();
  auto at = allocations.find(address);
  if (at == allocations.end()) return misuse(invalidValue, "freeing memory that is not allocated");
  Allocation allocation = at->second;
  bool isWhole = areGuardsWhole(address, allocation);
  usedBytes -= allocation.bytes;
  allocations.erase(at);
  munmap(allocation.mapping, allocation.mapped);
  if (!isWhole) breakDevice(illegalAddress, "something wrote around an allocation");
  return brokenStatus;
}

EXPORT int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  if (bytes == 0 || flags > 7) return invalidValue;
  *address = aligned_alloc(4096, roundUp(bytes, 4096));
  if (!*address) return outOfMemory;
  memset(*address, poison, bytes);
  pinned[(uintptr_t)*address] = bytes;
  return success;
}

EXPORT int cuMemFreeHost(void *address) {
  Lock lock(mutex);
  if (currentContext == nullptr) return invalidContext;
  runEverything();
  if (!pinned.erase((uintptr_t)address)) return misuse(invalidValue, "freeing memory that is not pinned");
  free(address);
  return brokenStatus;
}

namespace {
int queueCopy(uintptr_t to, uintptr_t from, size_t bytes, Stream *stream) {
  enqueueWork(stream, [=] { memcpy((void *)to, (const void *)from, bytes); });
  return success;
}
} // namespace

EXPORT int cuMemcpyHtoDAsync_v2(uintptr_t to, const void *from, size_t bytes, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginNowOn(stream)) return status;
  if (!isOnDevice(to, bytes)) return misuse(invalidValue, "a copy to outside of memory");
  if (isPinned((uintptr_t)from, bytes)) return queueCopy(to, (uintptr_t)from, bytes, stream);
  // Pageable memory is read before the call returns.
  runAll(stream);
  memcpy((void *)to, from, bytes);
  return brokenStatus;
}

EXPORT int cuMemcpyDtoHAsync_v2(void *to, uintptr_t from, size_t bytes, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginNowOn(stream)) return status;
  if (!isOnDevice(from, bytes)) return misuse(invalidValue, "a copy from outside of memory");
  if (isPinned((uintptr_t)to, bytes)) return queueCopy((uintptr_t)to, from, bytes, stream);
  runAll(stream);
  memcpy(to, (const void *)from, bytes);
  return brokenStatus;
}

EXPORT int cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginOn(stream)) return status;
  if (!isOnDevice(to, bytes) || !isOnDevice(from, bytes)) return misuse(invalidValue, "a copy outside of memory");
  if (to < from + bytes && from < to + bytes) return misuse(invalidValue, "a copy between overlapping ranges");
  return queueCopy(to, from, bytes, stream);
}

EXPORT int cuMemsetD8Async(uintptr_t address, unsigned char value, size_t count, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginOn(stream)) return status;
  if (!isOnDevice(address, count)) return misuse(invalidValue, "a fill outside of memory");
  enqueueWork(stream, [=] { memset((void *)address, value, count); });
  return success;
}

EXPORT int cuStreamCreate(Stream **stream, unsigned flags) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  if (flags > 1) return invalidValue;
  *stream = new Stream;
  streams.insert(*stream);
  return success;
}

EXPORT int cuStreamDestroy_v2(Stream *stream) {
  Lock lock(mutex);
  if (!streams.count(stream)) return invalidHandle;
  runAll(stream);
  streams.erase(stream);
  delete stream;
  return brokenStatus;
}

EXPORT int cuStreamSynchronize(Stream *stream) {
  Lock lock(mutex);
  if (int status = beginNowOn(stream)) return status;
  runAll(stream);
  return brokenStatus;
}

EXPORT int cuEventCreate(Event **event, unsigned flags) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  if (flags > 7) return invalidValue;
  *event = new Event;
  events.insert(*event);
  return success;
}

EXPORT int cuEventDestroy_v2(Event *event) {
  Lock lock(mutex);
  if (!events.erase(event)) return invalidHandle;
  delete event;
  return brokenStatus;
}

EXPORT int cuEventRecord(Event *event, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginNowOn(stream)) return status;
  if (!events.count(event)) return invalidHandle;
  event->stream = stream;
  event->isPassed = event->wasAsked = false;
  unsigned long long generation = ++event->generation;
  enqueue(stream, [event, generation] {
    if (events.count(event) && event->generation == generation) event->isPassed = true;
  });
  return success;
}

EXPORT int cuEventQuery(Event *event) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  if (!events.count(event)) return invalidHandle;
  if (event->isPassed) return brokenStatus;
  // The first query finds that nothing has run; each later query runs a part first.
  for (int i = 0; event->wasAsked && i < 256 && !event->isPassed && !event->stream->queue.empty(); i++) {
    runOne(event->stream);
  }
  event->wasAsked = true;
  if (brokenStatus != success) return brokenStatus;
  return event->isPassed ? success : notReady;
}

EXPORT int cuEventSynchronize(Event *event) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  if (!events.count(event)) return invalidHandle;
  while (!event->isPassed && !event->stream->queue.empty()) runOne(event->stream);
  return brokenStatus;
}

EXPORT int cuStreamBeginCapture_v2(Stream *stream, int mode) {
  Lock lock(mutex);
  if (int status = beginNowOn(stream)) return status;
  if (mode < 0 || mode > 2) return invalidValue;
  stream->capture = std::make_unique<Graph>();
  return success;
}

EXPORT int cuStreamEndCapture(Stream *stream, Graph **graph) {
  Lock lock(mutex);
  if (int status = beginOn(stream)) return status;
  if (!stream->capture) return misuse(invalidValue, "the end of a recording that was not started");
  *graph = stream->capture.release();
  graphs.insert(*graph);
  return success;
}

// An executable graph is a copy.
EXPORT int cuGraphInstantiateWithFlags(Graph **executable, Graph *graph, unsigned long long flags) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  if (!graphs.count(graph)) return invalidHandle;
  if (flags != 0) return invalidValue;
  *executable = new Graph(*graph);
  graphs.insert(*executable);
  return success;
}

EXPORT int cuGraphLaunch(Graph *executable, Stream *stream) {
  Lock lock(mutex);
  if (int status = beginOn(stream)) return status;
  if (!graphs.count(executable)) return invalidHandle;
  for (const auto &work : *executable) enqueueWork(stream, work);
  return success;
}

EXPORT int cuGraphDestroy(Graph *graph) {
  Lock lock(mutex);
  if (!graphs.erase(graph)) return invalidHandle;
  delete graph;
  return success;
}

EXPORT int cuGraphExecDestroy(Graph *executable) {
  Lock lock(mutex);
  runEverything();
  return cuGraphDestroy(executable);
}

EXPORT int cuModuleLoadData(Module **module, const void *image) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  std::string text = std::string((const char *)image, strnlen((const char *)image, 4096));
  if (text.compare(0, imageMark.size(), imageMark) != 0) return invalidImage;
  void *library = dlopen(text.c_str() + imageMark.size(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return misuse(invalidImage, dlerror());
  auto start = (char *(*)())dlsym(library, "softwareSharedStart");
  auto end = (char *(*)())dlsym(library, "softwareSharedEnd");
  auto state = (State *)dlsym(library, "softwareState");
  if (!start || !end || !state) return invalidImage;
  *module = new Module{library, state, start(), end()};
  modules.insert(*module);
  return success;
}

EXPORT int cuModuleUnload(Module *module) {
  Lock lock(mutex);
  if (int status = beginNow()) return status;
  if (!modules.count(module)) return invalidHandle;
  runEverything();
  for (auto at = kernels.begin(); at != kernels.end();) {
    Kernel *kernel = *at;
    if (kernel->module != module) {
      ++at;
      continue;
    }
    at = kernels.erase(at);
    delete kernel;
  }
  modules.erase(module);
  dlclose(module->library);
  delete module;
  return brokenStatus;
}

EXPORT int cuModuleGetFunction(Kernel **kernel, Module *module, const char *name) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  if (!modules.count(module)) return invalidHandle;
  auto find = [&](const char *what) { return dlsym(module->library, (std::string(what) + name).c_str()); };
  void *call = find("softwareCall_");
  auto numParameters = (const int *)find("softwareParameters_");
  auto hasBarriers = (const int *)find("softwareBarriers_");
  if (!call || !numParameters || !hasBarriers) return misuse(notFound, std::string("no kernel ") + name);
  *kernel = new Kernel{module, name, (void (*)(const long long *))call, *numParameters, *hasBarriers != 0};
  kernels.insert(*kernel);
  return success;
}

EXPORT int cuFuncSetAttribute(Kernel *kernel, int attribute, int value) {
  Lock lock(mutex);
  if (int status = begin()) return status;
  if (!kernels.count(kernel)) return invalidHandle;
  if (attribute != 8 || value < 0 || value > maxShared) return invalidValue;
  kernel->maxDynamicShared = value;
  return success;
}

EXPORT int cuLaunchKernel(Kernel *kernel, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, Stream *stream,
                          void **parameters, void **extra) {
  Lock lock(mutex);
  if (int status = beginOn(stream)) return status;
  if (!kernels.count(kernel)) return invalidHandle;
  uint64_t threads = (uint64_t)blockX * blockY * blockZ;
  bool isGrid = gridX > 0 && gridX < 1u << 31 && gridY > 0 && gridY < 65536 && gridZ > 0 && gridZ < 65536;
  if (!isGrid || threads == 0 || threads > (uint64_t)maxThreads || blockZ > 64) {
    return misuse(invalidValue, "an invalid grid or block size");
  }
  if (sharedBytes > (unsigned)kernel->maxDynamicShared) return misuse(invalidValue, "more shared memory than asked for");
  bool hasExtra = extra != nullptr;
  if (parameters != nullptr || hasExtra != (kernel->numParameters > 0)) return misuse(invalidValue, "parameters that are not in one buffer");
  const void *buffer = nullptr;
  size_t size = 0;
  for (void **at = extra; hasExtra && *at != nullptr; at += 2) {
    if (*at == (void *)1) buffer = at[1];
    else if (*at == (void *)2) size = *(const size_t *)at[1];
    else return invalidValue;
  }
  if (size != (size_t)kernel->numParameters * 8) {
    return misuse(invalidValue, kernel->name + " has " + std::to_string(kernel->numParameters) + " parameters");
  }
  std::vector<long long> values(size / 8);
  if (size) memcpy(values.data(), buffer, size);
  State::Three grid = {gridX, gridY, gridZ}, block = {blockX, blockY, blockZ};
  enqueueWork(stream, [=] { runKernel(kernel, values, grid, block, sharedBytes); });
  return success;
}

// NVRTC.

EXPORT const char *nvrtcGetErrorString(int status) {
  switch (status) {
  case 0: return "NVRTC_SUCCESS";
  case 3: return "NVRTC_ERROR_INVALID_INPUT";
  case 4: return "NVRTC_ERROR_INVALID_PROGRAM";
  case 5: return "NVRTC_ERROR_INVALID_OPTION";
  case 6: return "NVRTC_ERROR_COMPILATION";
  default: return "NVRTC_ERROR";
  }
}

EXPORT int nvrtcVersion(int *major, int *minor) {
  *major = 12;
  *minor = 8;
  return 0;
}

EXPORT int nvrtcGetNumSupportedArchs(int *count) {
  *count = 2;
  return 0;
}

EXPORT int nvrtcGetSupportedArchs(int *list) {
  list[0] = 80;
  list[1] = 90;
  return 0;
}

EXPORT int nvrtcCreateProgram(Program **program, const char *source, const char *name, int numHeaders,
                              const char *const *headers, const char *const *includeNames) {
  Lock lock(mutex);
  if (!source || !name || numHeaders != 0 || headers || includeNames) return 3;
  *program = new Program{source, "", ""};
  programs.insert(*program);
  return 0;
}

EXPORT int nvrtcDestroyProgram(Program **program) {
  Lock lock(mutex);
  if (!programs.erase(*program)) return 4;
  delete *program;
  *program = nullptr;
  return 0;
}

EXPORT int nvrtcCompileProgram(Program *program, int numOptions, const char *const *options) {
  Lock lock(mutex);
  if (!programs.count(program)) return 4;
  for (int i = 0; i < numOptions; i++) {
    std::string option = options[i];
    if (option.rfind("--gpu-architecture=sm_90", 0) != 0 && option != "--std=c++17") {
      program->log = "unknown option " + option;
      return 5;
    }
  }
  return compile(program) ? 0 : 6;
}

namespace {
int tellSize(Program *program, const std::string &text, size_t *size) {
  if (!programs.count(program)) return 4;
  *size = text.size() + 1;
  return 0;
}
int tellText(Program *program, const std::string &text, char *to) {
  if (!programs.count(program)) return 4;
  memcpy(to, text.c_str(), text.size() + 1);
  return 0;
}
} // namespace

EXPORT int nvrtcGetProgramLogSize(Program *program, size_t *size) { return tellSize(program, program->log, size); }
EXPORT int nvrtcGetProgramLog(Program *program, char *to) { return tellText(program, program->log, to); }
EXPORT int nvrtcGetCUBINSize(Program *program, size_t *size) { return tellSize(program, program->image, size); }
EXPORT int nvrtcGetCUBIN(Program *program, char *to) { return tellText(program, program->image, to); }
EXPORT int nvrtcGetPTXSize(Program *program, size_t *size) { return tellSize(program, program->image, size); }
EXPORT int nvrtcGetPTX(Program *program, char *to) { return tellText(program, program->image, to); }

// cuBLAS.

EXPORT const char *cublasGetStatusString(int status) {
  switch (status) {
  case 0: return "CUBLAS_STATUS_SUCCESS";
  case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
  case 7: return "CUBLAS_STATUS_INVALID_VALUE";
  case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
  case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
  default: return "CUBLAS_STATUS_INTERNAL_ERROR";
  }
}

EXPORT int cublasCreate_v2(Products **handle) {
  Lock lock(mutex);
  if (begin() != success) return productNotInitialized;
  *handle = new Products;
  productHandles.insert(*handle);
  return 0;
}

EXPORT int cublasDestroy_v2(Products *handle) {
  Lock lock(mutex);
  if (!productHandles.erase(handle)) return productNotInitialized;
  delete handle;
  return 0;
}

EXPORT int cublasSetStream_v2(Products *handle, Stream *stream) {
  Lock lock(mutex);
  if (!productHandles.count(handle)) return productNotInitialized;
  if (!streams.count(stream)) return productInvalid;
  handle->stream = stream;
  return 0;
}

EXPORT int cublasSetWorkspace_v2(Products *handle, void *address, size_t bytes) {
  Lock lock(mutex);
  if (!productHandles.count(handle)) return productNotInitialized;
  return isOnDevice((uintptr_t)address, bytes) && (uintptr_t)address % 256 == 0 ? 0 : productInvalid;
}

EXPORT int cublasSetMathMode(Products *handle, int) {
  Lock lock(mutex);
  return productHandles.count(handle) ? 0 : productNotInitialized;
}

EXPORT int cublasGemmStridedBatchedEx(Products *handle, int transposeA, int transposeB, int m, int n, int k,
                                      const void *alpha, const void *a, int aType, int lda, long long strideA,
                                      const void *b, int bType, int ldb, long long strideB, const void *beta,
                                      void *c, int cType, int ldc, long long strideC, int batches, int compute,
                                      int algorithm) {
  Lock lock(mutex);
  if (!alpha || !beta || algorithm != -1) return productInvalid;
  Gemm gemm = {transposeA, transposeB, m, n, k, *(const float *)alpha, *(const float *)beta,
               (uintptr_t)a, (uintptr_t)b, (uintptr_t)c, aType, bType, cType, lda, ldb, ldc,
               strideA, strideB, strideC, batches, compute};
  return queueGemm(handle, gemm);
}

EXPORT int cublasGemmEx(Products *handle, int transposeA, int transposeB, int m, int n, int k, const void *alpha,
                        const void *a, int aType, int lda, const void *b, int bType, int ldb, const void *beta,
                        void *c, int cType, int ldc, int compute, int algorithm) {
  return cublasGemmStridedBatchedEx(handle, transposeA, transposeB, m, n, k, alpha, a, aType, lda, 0, b, bType, ldb,
                                    0, beta, c, cType, ldc, 0, 1, compute, algorithm);
}
