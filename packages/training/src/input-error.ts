export { InputError, reading } from "@turnwise/core";
