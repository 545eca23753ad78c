/** A plain reader of a server: every header as given (Host, too), no redirects, no cookies kept. */
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { until } from "./processes.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into by tests
  json(): any;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function ask(url: string, path: string, { method, headers = {}, form, body }: Ask = {}): Promise<Answer> {
  const sent = form ? new URLSearchParams(form).toString() : body;
  const type: Record<string, string> = form ? { "content-type": "application/x-www-form-urlencoded" } : {};
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length: Record<string, string> = sent === undefined ? {} : { "content-length": String(Buffer.byteLength(sent)) };
    const asked = request({
      hostname,
      port,
      path,
      method: method ?? (sent === undefined ? "GET" : "POST"),
      headers: { ...type, ...length, ...headers },
      agent: false,
    });
    asked.on("error", reject);
    asked.on("response", async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) });
    });
    asked.end(sent);
  });
}

export interface Heard {
  readonly event: string;
  readonly id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into by tests
  readonly data: any;
}

export interface Ear {
  readonly response: IncomingMessage;
  readonly heard: Heard[];
  /** All lines, comments too. */
  text(): string;
  /** Resolves to the first event, heard or to come, that is meant. */
  hears(what: string, meant: (heard: Heard) => boolean): Promise<Heard>;
  readonly ended: Promise<void>;
  close(): void;
}

/** Listens to an event stream. */
export async function listenTo(url: string, path = "/events", headers: Record<string, string> = {}): Promise<Ear> {
  const { hostname, port } = new URL(url);
  const asked: ClientRequest = request({ hostname, port, path, headers, agent: false });
  asked.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on("response", resolve);
    asked.on("error", reject);
  });
  asked.on("error", () => {}); // cut off: `ended` tells
  const heard: Heard[] = [];
  let text = "";
  let rest = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const data = fields.get("data");
      if (data !== undefined) heard.push({ event: fields.get("event") ?? "message", id: fields.get("id") ?? null, data: JSON.parse(data) });
    }
  });
  const ended = new Promise<void>((resolve) => {
    response.on("close", resolve);
    response.on("error", () => resolve());
  });
  const hears: Ear["hears"] = async (what, meant) => {
    await until(`the stream says ${what}: ${JSON.stringify(heard).slice(-600)}`, () => heard.some(meant));
    return heard.find(meant) as Heard;
  };
  return { response, heard, text: () => text, hears, ended, close: () => asked.destroy() };
}
