import { z } from "zod";

/** Common schemas for numbers in settings. */
export const nonNegative = z.number().finite().nonnegative();
export const count = z.int().positive();
export const countOrNone = z.int().nonnegative();
