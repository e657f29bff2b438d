export { setting } from "@turnwise/envs";
