export { InputError, readInput } from "@turnwise/core";
