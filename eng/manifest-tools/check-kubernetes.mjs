// Checks rendered Kubernetes objects against typed models: values by each model's own schema, and unknown or misspelt fields by the
// TypeScript compiler, which refuses them in a literal. Usage: node check-kubernetes.mjs rendered.yaml …
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const problems = [];
const literals = [];

for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(readFileSync(resolve(file), "utf8"))) {
    const manifest = document.toJS();
    if (!manifest) continue;
    const name = `${file}: ${manifest.kind} ${manifest.metadata?.name}`;
    const module = `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`;
    let Model;
    try {
      Model = (await import(module))[manifest.kind];
    } catch {
      problems.push(`${name}: there is no ${manifest.apiVersion} ${manifest.kind}`);
      continue;
    }
    try {
      new Model(manifest).validate();
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
    literals.push({ name, module, kind: manifest.kind, manifest });
  }
}

const folder = mkdtempSync(join(here, ".check-"));
try {
  const lines = [];
  literals.forEach((literal, i) => {
    lines.push(`import { I${literal.kind} as T${i} } from "${literal.module}"; export const o${i}: T${i} = ${JSON.stringify(literal.manifest)};`);
  });
  const source = join(folder, "manifests.ts");
  writeFileSync(source, lines.join("\n"));
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--module", "node16",
    "--moduleResolution", "node16", "--target", "es2022", source], { encoding: "utf8" });
} catch (error) {
  for (const line of String(error.stdout ?? error).trim().split("\n")) {
    const at = /\((\d+),/.exec(line);
    problems.push(at ? `${literals[Number(at[1]) - 1].name}: ${line.replace(/^.*?: /, "")}` : line);
  }
} finally {
  rmSync(folder, { recursive: true });
}

for (const problem of problems) console.error(problem);
console.log(`${literals.length} objects checked, ${problems.length} problems`);
process.exit(problems.length > 0 || literals.length === 0 ? 1 : 0);
