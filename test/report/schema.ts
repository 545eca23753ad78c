/** Checks documents against docs/schema, as anybody's validator would; stricter in one thing: what a schema does not describe is wrong. */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

type Schema = Readonly<Record<string, unknown>>;

const FOLDER = new URL("../../docs/schema/", import.meta.url);

/** Names of all published schemas. */
export const schemaNames = (): string[] => readdirSync(FOLDER).map((file) => file.replace(".json", ""));

export function schemaOf(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

/** A published schema says nothing of keys it does not know: they may be added. Here it would be behind the program. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const all = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === "const" || key === "enum" ? value : closed(value)]),
  );
  return "properties" in all && !("additionalProperties" in all) ? { ...all, additionalProperties: false } : all;
}

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
for (const name of schemaNames()) ajv.addSchema(closed(schemaOf(name)) as Schema, `${name}.json`);

/** What is wrong, each with its path; empty if nothing is. */
export function violations(schema: Schema, value: unknown): string[] {
  const name = /^crontabber\.(.+)\/1$/.exec(String(schema.title))?.[1];
  const check = ajv.getSchema(`${name}.json`) as ValidateFunction | undefined;
  if (!check) throw new Error(`no schema ${schema.title}`);
  if (check(value)) return [];
  return (check.errors ?? []).map(({ instancePath, message, params }) => `$${instancePath}: ${message} ${JSON.stringify(params)}`);
}
