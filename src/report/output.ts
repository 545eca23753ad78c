/** What jobs print, cut into lines. Owns the halves of lines and of characters that wait for their rest. */
import { StringDecoder } from "node:string_decoder";
import type { Emit, Events } from "../core/events.ts";
import type { Ticket } from "../core/state.ts";

type Stream = Events["run:output"]["stream"];
type Told = (ticket: Ticket, stream: Stream, line: string) => void;

/** Characters of a line without an end that are kept until it comes. */
const LONGEST_LINE = 10_000;

interface Half {
  readonly decoder: StringDecoder;
  text: string;
}

/** Takes all events; calls `told` for each line that a job printed, without its end. What has none is told when the run is recorded. */
export function jobOutput(told: Told): Emit {
  const halves = new Map<string, Half>();
  const take = ({ ticket, stream, chunk }: Events["run:output"]) => {
    const key = `${ticket.runId} ${stream}`;
    const half = halves.get(key) ?? { decoder: new StringDecoder("utf8"), text: "" };
    const lines = `${half.text}${half.decoder.write(Buffer.from(chunk))}`.split("\n");
    half.text = (lines.pop() ?? "").slice(-LONGEST_LINE);
    halves.set(key, half);
    for (const line of lines) told(ticket, stream, line);
  };
  const end = (ticket: Ticket) => {
    for (const stream of ["stdout", "stderr"] as const) {
      const half = halves.get(`${ticket.runId} ${stream}`);
      halves.delete(`${ticket.runId} ${stream}`);
      if (half?.text) told(ticket, stream, half.text);
    }
  };
  const on: { [Name in keyof Events]?: (payload: Events[Name]) => void } = {
    "run:output": take,
    "run:recorded": ({ ticket }) => end(ticket),
    "run:fenced": ({ ticket }) => end(ticket),
    "run:spooled": ({ ticket }) => end(ticket),
  };
  return (name, payload) => on[name]?.(payload);
}
