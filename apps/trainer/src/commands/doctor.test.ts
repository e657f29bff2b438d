import { expect, it } from "vitest";
import { formatConformance, formatDiagnoses, buildDoctorCommand } from "./doctor.ts";

it("prints a line for each executor, and one for each requirement that it lacks", () => {
  const text = formatDiagnoses([
    { executor: "reference", isUsable: true, detail: "float64", needs: [] },
    {
      executor: "onnx cuda",
      isUsable: false,
      detail: "not tried",
      needs: [{ what: "libcuda.so.1", remedy: "install the driver" }],
    },
  ]);
  expect(text).toBe(
    [
      "yes  reference  float64",
      "no   onnx cuda  not tried",
      "                needs libcuda.so.1: install the driver",
      "",
    ].join("\n"),
  );
});

it("prints the error of each executor under each law, and lists failures", () => {
  const result = { holds: true, message: "" };
  const table = formatConformance({
    reference: [
      { ...result, law: "agrees with the interpreter: add", maxError: 0 },
      { ...result, law: "adds up", maxError: 1.2e-7 },
    ],
    mine: [
      { ...result, law: "agrees with the interpreter: add", maxError: 3e-8 },
      { law: "adds up", holds: false, maxError: 1, message: "law does not hold\nno sum" },
    ],
  });
  expect(table.split("\n")).toEqual([
    "| law | reference | mine |",
    "| --- | --- | --- |",
    "| add | exact | 3e-8 |",
    "| adds up | 1e-7 | fails |",
    "mine: adds up: law does not hold no sum",
    "",
  ]);
});

it("refuses to install an unknown provider", async () => {
  const command = buildDoctorCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await expect(command.parseAsync(["node", "doctor", "--install", "rocm"])).rejects.toThrow(
    "Allowed choices are cuda",
  );
});
