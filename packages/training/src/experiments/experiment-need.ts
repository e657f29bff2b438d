/** Hardware or software that an experiment needs in addition to Node.js. */
export type ExperimentNeed = "this machine" | "a GPU" | "a container engine" | "data" | "a model";
