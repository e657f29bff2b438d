import type { Executable, Executor, ResidentTensor } from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import { tableNames, traceGrowth, tracePageCopy } from "./device-programs.ts";
import { pagePositions, PageTable } from "../runner/page-table.ts";

/** Options of {@link DeviceCache}. */
export interface DeviceCacheOptions {
  readonly config: ModelConfig;
  readonly executor: Executor;
  /** Maximum bytes of keys and values, rounded down to whole pages. */
  readonly maxBytes: number;
  /** Number of additional pages at the start of each table, to which padding writes. */
  readonly numSparePages: number;
}

/** Initial number of pages of a table. */
const firstPages = 16;
/** Row indices are int32. */
const maxRows = 2 ** 31 - 1;

const floatBytes = 4;

/**
 * Keys and values of many sequences in resident tensors ("tables"), two per layer. The tables grow
 * with use. Every run consumes them: {@link DeviceCache.take} returns them as inputs of a run, and
 * {@link DeviceCache.put} stores the updated tables.
 */
export class DeviceCache {
  readonly #options: DeviceCacheOptions;
  readonly pages: PageTable;
  /** Number of rows of a table per page. */
  readonly pageRows: number;
  readonly #names: readonly string[];
  #tables: Record<string, ResidentTensor> | undefined;
  /** Number of pages in a table, including padding pages. */
  #capacity = 0;
  /** Largest number of pages that were in use at once. */
  #numReserved = 0;
  /** Pending page copies: source by destination. */
  readonly #copies = new Map<number, number>();
  #copying: Promise<Executable<string, string>> | undefined;
  #growing: Promise<Executable<"grown", "grown">> | undefined;

  constructor(options: DeviceCacheOptions) {
    const { config, maxBytes, numSparePages } = options;
    const { numLayers, numKeyValueHeads, headSize } = config;
    this.#options = options;
    this.#names = tableNames(config);
    this.pageRows = numKeyValueHeads * pagePositions;
    const pageBytes = 2 * numLayers * this.pageRows * headSize * floatBytes;
    const addressable = Math.floor(maxRows / this.pageRows) - numSparePages;
    this.pages = new PageTable({
      pageBytes,
      maxPages: Math.max(0, Math.min(addressable, Math.floor(maxBytes / pageBytes))),
      memory: {
        reserve: (page) => void (this.#numReserved = page + 1),
        // If the source itself has a pending copy, copy from its source instead.
        copy: (from, to) => void this.#copies.set(to, this.#copies.get(from) ?? from),
      },
    });
  }

  /** Index of a sequence's page in the tables. */
  tablePage(page: number): number {
    return page + this.#options.numSparePages;
  }

  /**
   * Returns the tables as inputs of a run that consumes them, after growing them for all pages in
   * use and making pending copies. The cache then has no tables until `put` is called.
   */
  async take(): Promise<Record<string, ResidentTensor>> {
    const needed = this.#options.numSparePages + this.#numReserved;
    this.#tables ??= await this.#create();
    if (needed > this.#capacity) await this.#grow(needed);
    if (this.#copies.size > 0) await this.#copy();
    const tables = this.#tables;
    this.#tables = undefined;
    return tables;
  }

  /** Takes the tables from the outputs of a run. */
  put(outputs: Readonly<Record<string, unknown>>): void {
    // Sound because the programs keep all of these outputs resident.
    const given = outputs as Readonly<Record<string, ResidentTensor>>;
    this.#tables = Object.fromEntries(this.#names.map((name) => [name, given[name]!]));
  }

  /** Clears all pages. */
  clear(): void {
    for (const table of Object.values(this.#tables ?? {})) table.dispose();
    this.#tables = undefined;
    this.#copies.clear();
  }

  async close(): Promise<void> {
    this.clear();
    await (await this.#copying)?.release();
    await (await this.#growing)?.release();
  }

  async #create(): Promise<Record<string, ResidentTensor>> {
    const { executor, config, numSparePages } = this.#options;
    this.#capacity = numSparePages + Math.min(firstPages, this.pages.maxPages);
    const shape = [this.#capacity * this.pageRows, config.headSize];
    const data = new Float32Array(shape[0]! * config.headSize);
    const tables: Record<string, ResidentTensor> = {};
    for (const name of this.#names) tables[name] = await executor.upload({ data, shape });
    return tables;
  }

  /** Grows the tables one after the other, to at least double their size. */
  async #grow(needed: number): Promise<void> {
    const { executor, config, numSparePages } = this.#options;
    const most = numSparePages + this.pages.maxPages;
    const capacity = Math.min(most, Math.max(needed, 2 * this.#capacity));
    this.#growing ??= executor.compile(traceGrowth(config), {
      resident: ["grown"],
      consumed: ["table"],
    });
    const growing = await this.#growing;
    const numRows = (capacity - this.#capacity) * this.pageRows;
    const added = { data: new Int32Array(numRows), shape: [numRows] };
    const tables = this.#tables!;
    this.#tables = undefined;
    try {
      for (const name of this.#names) {
        tables[name] = (await growing.run({ table: tables[name]!, added })).grown;
      }
    } catch (error) {
      for (const table of Object.values(tables)) table.dispose();
      throw error;
    }
    this.#tables = tables;
    this.#capacity = capacity;
  }

  async #copy(): Promise<void> {
    const { executor, config } = this.#options;
    this.#copying ??= executor.compile<string, string>(tracePageCopy(config), {
      resident: this.#names,
      consumed: this.#names,
    });
    const copying = await this.#copying;
    const to = Int32Array.from(this.#copies.keys(), (page) => this.tablePage(page));
    const from = Int32Array.from(this.#copies.values(), (page) => this.tablePage(page));
    this.#copies.clear();
    const tables = this.#tables!;
    this.#tables = undefined;
    const shape = [to.length];
    this.put(
      await copying.run({ ...tables, from: { data: from, shape }, to: { data: to, shape } }),
    );
  }
}
