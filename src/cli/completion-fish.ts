/** The script for fish (3 and newer). */
import { everywhere, oldFlags, type ShellOption, valued, verbs, type Words } from "./completion-table.ts";

export function fishScript(): string {
  const lines = [
    ...verbs.map(({ verb, says }) => `complete -c crontabber -n '__crontabber_at "" 0' -a ${verb} -d ${quoted(says)}`),
    ...everywhere.flatMap((option) => optionLines(option, null)),
    ...oldFlags.flatMap((option) => optionLines(option, '__crontabber_at "" 0')),
    ...verbs.flatMap(({ verb, options }) => options.flatMap((option) => optionLines(option, `__crontabber_in ${verb}`))),
    ...verbs.flatMap(({ verb, operands, many }) =>
      operands.flatMap((words, i) => operandLines(words, `__crontabber_at ${verb} ${many && i === operands.length - 1 ? "any" : i}`)),
    ),
  ];
  const taking = valued().flatMap(({ spellings }) => spellings);
  return `# fish completion for crontabber: crontabber completion fish | source
function __crontabber_words --description 'the verb, then how many words follow it, then the configuration file'
    set -l words (commandline -opc)
    set -e words[1]
    set -l verb ''
    set -l count 0
    set -l conf ''
    set -l option ''
    for word in $words
        if test -n "$option"
            contains -- $option -c --config --admin.conf; and set conf $word
            set option ''
        else if contains -- $word ${taking.join(" ")}
            set option $word
        else if string match -qr -- '^--(config|admin\\.conf)=' $word
            set conf (string replace -r -- '^[^=]*=' '' $word)
        else if string match -q -- '-*' $word
        else if test -z "$verb"
            set verb $word
        else
            set count (math $count + 1)
        end
    end
    printf '%s\\n' "$verb" $count "$conf"
end

function __crontabber_at --argument-names verb count
    set -l at (__crontabber_words)
    test "$at[1]" = "$verb"; and begin
        test "$count" = any; or test "$at[2]" = "$count"
    end
end

function __crontabber_in --argument-names verb
    set -l at (__crontabber_words)
    test "$at[1]" = "$verb"
end

function __crontabber_jobs
    set -l at (__crontabber_words)
    set -l me (commandline -opc)[1]
    set me (string replace -r '^~/' "$HOME/" -- $me)
    if test -n "$at[3]"
        $me completion jobs -c (string replace -r '^~/' "$HOME/" -- $at[3]) 2>/dev/null
    else
        $me completion jobs 2>/dev/null
    end
end

complete -c crontabber -e
complete -c crontabber -f
${lines.join("\n")}
`;
}

/** fish knows two escapes inside single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function optionLines({ spellings, says, value }: ShellOption, when: string | null): string[] {
  const names = spellings.map((one) => (one.startsWith("--") ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`));
  return [`complete -c crontabber${when === null ? "" : ` -n ${quoted(when)}`} ${names.join(" ")}${takes(value)} -d ${quoted(says)}`];
}

function takes(value: Words | null): string {
  if (value === null) return "";
  switch (value.kind) {
    case "jobs":
      return " -xa '(__crontabber_jobs)'";
    case "files":
      return " -rF";
    case "choices":
      return ` -xa ${quoted(value.choices.join(" "))}`;
    case "free":
      return " -x";
  }
}

function operandLines(words: Words, when: string): string[] {
  const start = `complete -c crontabber -n ${quoted(when)}`;
  switch (words.kind) {
    case "jobs":
      return [`${start} -a '(__crontabber_jobs)'`];
    case "files":
      return [`${start} -F`];
    case "choices":
      return [`${start} -a ${quoted(words.choices.join(" "))}`];
    case "free":
      return [];
  }
}
