import { expect, it } from "vitest";
import { describeDiagnoses, doctorCommand } from "./doctor.ts";

it("prints a line for each executor, and one for each thing that it needs", () => {
  const text = describeDiagnoses([
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

it("refuses to install what it cannot", async () => {
  const command = doctorCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await expect(command.parseAsync(["node", "doctor", "--install", "rocm"])).rejects.toThrow(
    "Allowed choices are cuda",
  );
});
