/** Resource that an experiment needs beyond Node. */
export type ExperimentNeed = "this machine" | "a GPU" | "a container engine" | "data" | "a model";
