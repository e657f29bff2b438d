// `npm run sbom`: writes the bill of materials of the published packages, sbom.cdx.json, in CycloneDX 1.6,
// and fails if a dependency has a licence that is not accepted. With `--check` it writes nothing.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import cyclonedx from "@cyclonedx/cyclonedx-library";
import { findRefusedLicences, readLicences } from "./licences.mjs";
import { listDependencies } from "./list-dependencies.mjs";
import { root } from "./pnpm.mjs";

const { Enums, Models, Serialize, Spec } = cyclonedx;
const file = "sbom.cdx.json";

/**
 * Creates the component of a dependency. Its licence is unknown if it is not installed, such as a
 * package for another platform.
 */
function toComponent({ name, version, integrity }, licence) {
  const [group, short] = name.startsWith("@") ? name.split("/") : [undefined, name];
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const component = new Models.Component(Enums.ComponentType.Library, short, {
    ...(group !== undefined && { group }),
    version,
    purl,
    bomRef: purl,
  });
  const [algorithm, digest] = integrity.split("-");
  if (algorithm === "sha512") {
    component.hashes.set(
      Enums.HashAlgorithm["SHA-512"],
      Buffer.from(digest, "base64").toString("hex"),
    );
  }
  if (licence?.startsWith("(")) component.licenses.add(new Models.LicenseExpression(licence));
  else if (licence !== undefined) component.licenses.add(new Models.SpdxLicense(licence));
  return component;
}

const licences = readLicences();
const refused = findRefusedLicences(licences);
for (const line of refused) console.error(`sbom: ${line}`);
if (refused.length > 0) process.exit(1);
if (!process.argv.includes("--check")) {
  const { found, direct } = listDependencies();
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const whole = new Models.Component(Enums.ComponentType.Application, name, {
    version,
    bomRef: name,
  });
  const bom = new Models.Bom();
  bom.metadata.component = whole;
  const components = new Map(
    Array.from(found, ([id, entry]) => [id, toComponent(entry, licences.get(id))]),
  );
  for (const [id, component] of components) {
    bom.components.add(component);
    for (const other of found.get(id).dependencies) {
      component.dependencies.add(components.get(other).bomRef);
    }
  }
  for (const id of direct) whole.dependencies.add(components.get(id).bomRef);
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6),
  );
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  writeFileSync(join(root, file), `${text}\n`);
  const numUnknown = [...found.keys()].filter((id) => !licences.has(id)).length;
  console.log(
    `${file}: ${found.size} packages, ${direct.size} of them direct dependencies; ${numUnknown} packages for other platforms, whose licences are unknown here`,
  );
}
