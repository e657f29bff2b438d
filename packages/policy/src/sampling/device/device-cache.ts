import type { Executable, Executor, ResidentTensor } from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import { tableNames, traceGrowth, tracePageCopy } from "./device-programs.ts";
import { pagePositions, PageTable } from "../runner/page-table.ts";

/** Options of {@link DeviceCache}. */
export interface DeviceCacheOptions {
  readonly config: ModelConfig;
  readonly executor: Executor;
  /** The most bytes of keys and values; what they do not hold whole pages of is left over. */
  readonly maxBytes: number;
  /** Pages beside those of sequences, which padding is written to: the first ones of a table. */
  readonly numSparePages: number;
}

/** Pages of a table that was just made. */
const firstPages = 16;
/** Rows are counted in int32. */
const maxRows = 2 ** 31 - 1;

const floatBytes = 4;

/**
 * Keys and values of many sequences in tables with an executor, two for each layer. The tables grow
 * with use, and every run takes them over: {@link DeviceCache.take} hands them out, and
 * {@link DeviceCache.put} takes back what became of them.
 */
export class DeviceCache {
  readonly #options: DeviceCacheOptions;
  readonly pages: PageTable;
  /** Rows of a table that belong to one page. */
  readonly pageRows: number;
  readonly #names: readonly string[];
  #tables: Record<string, ResidentTensor> | undefined;
  /** Pages that a table holds, those for padding included. */
  #capacity = 0;
  /** The most pages that were ever in use at once. */
  #numReserved = 0;
  /** For a page that is to be a copy: of which one. */
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
        // Where the source is itself still to be copied, its own source has what it will hold.
        copy: (from, to) => void this.#copies.set(to, this.#copies.get(from) ?? from),
      },
    });
  }

  /** Where a page of a sequence is in the tables, in pages. */
  placeOf(page: number): number {
    return page + this.#options.numSparePages;
  }

  /**
   * Hands out the tables, as feeds of a run that consumes them, with room for all pages in use, and
   * with what was to be copied. Until they are put back there are none.
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

  /** Takes over the tables from what a run gives. */
  put(outputs: Readonly<Record<string, unknown>>): void {
    // The programs keep all of these.
    const given = outputs as Readonly<Record<string, ResidentTensor>>;
    this.#tables = Object.fromEntries(this.#names.map((name) => [name, given[name]!]));
  }

  /** Forgets what all pages hold. */
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

  /** Doubles the tables, or more if more is needed, one after the other. */
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
    const to = Int32Array.from(this.#copies.keys(), (page) => this.placeOf(page));
    const from = Int32Array.from(this.#copies.values(), (page) => this.placeOf(page));
    this.#copies.clear();
    const tables = this.#tables!;
    this.#tables = undefined;
    const shape = [to.length];
    this.put(
      await copying.run({ ...tables, from: { data: from, shape }, to: { data: to, shape } }),
    );
  }
}
