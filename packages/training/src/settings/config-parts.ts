import { z } from "zod";

/** Numbers as settings restrict them. */
export const nonNegative = z.number().finite().nonnegative();
export const count = z.int().positive();
export const countOrNone = z.int().nonnegative();
