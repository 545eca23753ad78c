/** Exit codes in words: for help, the topic and the manual. Data only; which code a pass ends with is exit.ts's. */
export const EXITS: readonly { readonly codes: string; readonly says: string }[] = [
  { codes: "0", says: "done" },
  { codes: "1", says: "a named job failed, or findings" },
  { codes: "2", says: "a due job's row was locked elsewhere" },
  { codes: "3", says: "a due job is running elsewhere (2 and 3 only if this pass ran nothing)" },
  { codes: "4", says: "a named job was not run" },
  { codes: "64", says: "usage" },
  { codes: "69", says: "the database cannot be used" },
  { codes: "78", says: "bad configuration" },
  { codes: "130, 143", says: "ended by a signal" },
];

export const OF_CHECK = "check: 0, 1, 2, or 3 when it cannot tell";
