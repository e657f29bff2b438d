import { describe, expect, it } from "vitest";
import { findCudaLibraries, type LibrarySearch } from "./cuda-libraries.ts";

/** Creates a machine that has exactly the given files. */
function computer(
  files: readonly string[],
  facts: Partial<Pick<LibrarySearch, "environment" | "cached" | "pythonFolders">> = {},
): LibrarySearch {
  return {
    environment: {},
    cached: () => undefined,
    pythonFolders: () => [],
    list: (folder) => {
      const inside = files.filter((file) => file.startsWith(`${folder}/`));
      return [...new Set(inside.map((file) => file.slice(folder.length + 1).split("/")[0]!))];
    },
    ...facts,
  };
}

describe("findCudaLibraries", () => {
  it("leaves the driver to the loader", () => {
    const found = findCudaLibraries(undefined, computer([]));
    expect(found).toEqual({ driver: "libcuda.so.1", compiler: [], products: [] });
  });

  it("finds a toolkit, newer libraries first", () => {
    const lib = "/usr/local/cuda-13.0/targets/x86_64-linux/lib";
    const found = findCudaLibraries(
      undefined,
      computer([
        "/usr/local/cuda-12.4/lib64/libcublas.so.12",
        "/usr/local/cuda-12.4/lib64/libnvrtc.so.12",
        `${lib}/libcublas.so.13`,
        "/usr/local/lib/libcublas.so.13",
      ]),
    );
    expect(found.products).toEqual([
      { path: `${lib}/libcublas.so.13`, major: 13, companions: [] },
      { path: "/usr/local/cuda-12.4/lib64/libcublas.so.12", major: 12, companions: [] },
    ]);
    expect(found.compiler).toEqual([
      { path: "/usr/local/cuda-12.4/lib64/libnvrtc.so.12", major: 12, companions: [] },
    ]);
  });

  it("finds NVIDIA's Python packages, in either layout", () => {
    const packages = "/env/lib/python3.12/site-packages/nvidia";
    const thirteen = [
      `${packages}/cu13/lib/libnvrtc.so.13`,
      `${packages}/cu13/lib/libcublas.so.13`,
    ];
    const active = computer(thirteen, { environment: { VIRTUAL_ENV: "/env" } });
    expect(findCudaLibraries(undefined, active).compiler[0]!.path).toBe(thirteen[0]);
    expect(findCudaLibraries("/env", computer(thirteen)).products[0]!.path).toBe(thirteen[1]);
    const twelve = [
      "/p/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
      "/p/nvidia/cublas/lib/libcublas.so.12",
    ];
    const onPath = findCudaLibraries(undefined, computer(twelve, { pythonFolders: () => ["/p"] }));
    expect(onPath.compiler[0]!.path).toBe(twelve[0]);
    expect(onPath.products[0]!.path).toBe(twelve[1]);
  });

  it("prefers the loader's libraries to a toolkit's, and an explicit path to all others", () => {
    const files = ["/own/libcublas.so.12", "/usr/local/cuda/lib64/libcublas.so.13"];
    const cached = (file: string): string => `/lib/${file}`;
    const loader = findCudaLibraries(undefined, computer(files, { cached }));
    expect(loader.products[0]!.path).toBe("/lib/libcublas.so.13");
    const environment = { TURNWISE_CUDA_PATH: "/nothing:/own" };
    const own = findCudaLibraries(undefined, computer(files, { cached, environment }));
    expect(own.products).toEqual([{ path: "/own/libcublas.so.12", major: 12, companions: [] }]);
    expect(own.compiler[0]!.path).toBe("/lib/libnvrtc.so.13");
    expect(findCudaLibraries("/own", computer([...files, "/own/libcuda.so.1"])).driver).toBe(
      "/own/libcuda.so.1",
    );
  });

  it("finds the companions of a library next to it, of its version", () => {
    const found = findCudaLibraries(
      "/lib",
      computer([
        "/lib/libnvrtc.so.13",
        "/lib/libnvrtc-builtins.so.13.0",
        "/lib/libnvrtc-builtins.alt.so.13.0",
        "/lib/libnvrtc-builtins.so.12.8",
        "/lib/libcublas.so.13",
        "/lib/libcublasLt.so.13",
        "/lib/libcublasLt.so.12",
      ]),
    );
    expect(found.compiler[0]!.companions).toEqual(["/lib/libnvrtc-builtins.so.13.0"]);
    expect(found.products[0]!.companions).toEqual(["/lib/libcublasLt.so.13"]);
  });
});
