/** Declares the part of asciichart that is used, because the package has no types. */
declare module "asciichart" {
  export function plot(
    series: readonly number[],
    options?: {
      readonly height?: number;
      readonly min?: number;
      readonly max?: number;
      readonly format?: (value: number) => string;
    },
  ): string;
}
