// Checks that every ConfigMap and Secret that a pod names is among the objects given, and the key where one is named. Usage:
// node check-references.mjs rendered.yaml secrets.yaml …
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const objects = process.argv.slice(2)
  .flatMap((file) => parseAllDocuments(readFileSync(file, "utf8")))
  .map((document) => document.toJS())
  .filter(Boolean);
const keysOf = new Map(objects
  .filter(({ kind }) => kind === "ConfigMap" || kind === "Secret")
  .map(({ kind, metadata, data, stringData }) => [`${kind} ${metadata.name}`, new Set(Object.keys({ ...data, ...stringData }))]));

function* references({ containers, initContainers = [], volumes = [] }) {
  for (const container of [...initContainers, ...containers]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      yield configMapRef ? { kind: "ConfigMap", ...configMapRef } : { kind: "Secret", ...secretRef };
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef) yield { kind: "ConfigMap", ...valueFrom.configMapKeyRef };
      if (valueFrom?.secretKeyRef) yield { kind: "Secret", ...valueFrom.secretKeyRef };
    }
  }
  for (const { configMap, secret } of volumes) {
    if (configMap) yield { kind: "ConfigMap", name: configMap.name };
    if (secret) yield { kind: "Secret", name: secret.secretName };
  }
}

let checked = 0;
const problems = [];
for (const { kind, metadata, spec } of objects) {
  if (!spec?.template?.spec) continue;
  for (const { kind: wanted, name, key } of references(spec.template.spec)) {
    checked++;
    const keys = keysOf.get(`${wanted} ${name}`);
    if (!keys) problems.push(`${kind} ${metadata.name}: there is no ${wanted} ${name}`);
    else if (key && !keys.has(key)) problems.push(`${kind} ${metadata.name}: ${wanted} ${name} has no key ${key}`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`${checked} references checked, ${problems.length} problems`);
process.exit(problems.length > 0 || checked === 0 ? 1 : 0);
