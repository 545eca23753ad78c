/** Checks a document against docs/schema: as much of JSON Schema as those files use; a keyword it does not know is an error. */
import { readFileSync } from "node:fs";

type Schema = Readonly<Record<string, unknown>>;

const KNOWN = new Set([
  ...["$schema", "$ref", "$defs", "title", "description", "type", "format", "enum", "const", "required", "properties"],
  ...["additionalProperties", "items", "anyOf", "oneOf"],
]);

export function schemaOf(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`../../docs/schema/${name}.json`, import.meta.url), "utf8"));
}

/** What is wrong, each with its path; empty if nothing is. Keys that a schema does not describe are wrong: it would be behind the program. */
export function violations(schema: Schema, value: unknown, at = "$"): string[] {
  for (const key of Object.keys(schema)) if (!KNOWN.has(key)) return [`${at}: the schema has an unknown keyword ${key}`];
  if (typeof schema.$ref === "string") return violations(resolve(schema.$ref), value, at);
  const options = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined;
  if (options) {
    const fits = options.filter((option) => violations(option, value, at).length === 0).length;
    return fits === 1 || (schema.anyOf && fits > 0) ? [] : [`${at}: ${fits} alternatives fit ${JSON.stringify(value)}`];
  }
  const wrong: string[] = [];
  if ("const" in schema && schema.const !== value) wrong.push(`${at}: is ${JSON.stringify(value)}, not ${JSON.stringify(schema.const)}`);
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) wrong.push(`${at}: ${JSON.stringify(value)} is none of ${schema.enum}`);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isA(type, value))) return [...wrong, `${at}: ${JSON.stringify(value)} is no ${types}`];
  if (schema.format === "date-time" && typeof value === "string" && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) {
    wrong.push(`${at}: ${value} is no instant in UTC`);
  }
  if (Array.isArray(value) && schema.items)
    return [...wrong, ...value.flatMap((item, i) => violations(schema.items as Schema, item, `${at}[${i}]`))];
  return [...wrong, ...inObject(schema, value, at)];
}

function inObject({ properties = {}, required = [], additionalProperties = false }: Schema, value: unknown, at: string): string[] {
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    Object.keys(properties as object).length + Number(additionalProperties !== false) === 0
  )
    return [];
  const [known, given] = [properties as Record<string, Schema>, value as Record<string, unknown>];
  const missing = (required as string[]).filter((key) => !(key in given)).map((key) => `${at}.${key}: missing`);
  const inside = Object.entries(given).flatMap(([key, item]) => {
    const schema = known[key] ?? additionalProperties;
    if (schema === true) return [];
    return schema === false ? [`${at}.${key}: not described`] : violations(schema as Schema, item, `${at}.${key}`);
  });
  return [...missing, ...inside];
}

function isA(type: unknown, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function resolve(ref: string): Schema {
  const [file = "", path = ""] = ref.split("#");
  const found = path
    .split("/")
    .slice(1)
    .reduce((at, key) => at[key] as Schema, schemaOf(file.replace(".json", "")));
  if (found === undefined) throw new Error(`${ref} leads nowhere`);
  return found;
}
