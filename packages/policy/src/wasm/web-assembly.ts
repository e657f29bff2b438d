/** Growable WebAssembly memory. */
export interface WasmMemory {
  /**
   * Buffer of the memory, a `SharedArrayBuffer` if shared; a new object after the memory has grown.
   */
  readonly buffer: ArrayBuffer;
  /** Grows the memory by pages of 64 KiB. */
  grow(pages: number): number;
}

interface WebAssemblyApi {
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** The part of WebAssembly that is used; Node's types do not declare it. */
export const webAssembly: WebAssemblyApi = Reflect.get(globalThis, "WebAssembly");
