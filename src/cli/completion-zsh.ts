/** The script for zsh (5 and newer): for `eval`, or as the file `_crontabber` in a folder of `$fpath`. */
import { everywhere, oldFlags, quoted, type ShellOption, valued, verbs, type Words } from "./completion-table.ts";

export function zshScript(): string {
  const described = (entries: readonly (readonly [string, string])[]) =>
    entries.map(([word, says]) => `    ${quoted(`${word.replaceAll(":", "\\:")}:${says}`)}`).join("\n");
  const options = (all: readonly ShellOption[]) =>
    described(all.flatMap(({ spellings, says }) => spellings.map((one) => [one, says] as const)));
  const values = valued().map(({ spellings, value }) => `      ${spellings.join("|")}) ${offer(value)} ;;`);
  const byVerb = verbs.map(({ verb, options: all }) => `    ${verb}) of_verb=(\n${options(all)}\n    ) ;;`);
  const operands = verbs.flatMap(({ verb, operands: all, many }) =>
    all.map((words, i) => `    ${verb},${many && i === all.length - 1 ? "*" : i}) ${offer(words)} ;;`),
  );
  return `#compdef crontabber
# zsh completion for crontabber: eval "$(crontabber completion zsh)" after compinit, or as the file _crontabber in a folder of $fpath
_crontabber_takes() {
  case $1 in
    ${valued()
      .flatMap((option) => option.spellings)
      .join("|")}) return 0 ;;
  esac
  return 1
}

_crontabber_jobs() {
  local -a jobs
  jobs=("\${(@f)$(\${(Q)words[1]/#\\~\\//$HOME/} completion jobs \${conf:+-c} $conf 2>/dev/null)}")
  compadd -a jobs
}

_crontabber() {
  local verb='' conf='' option='' word
  local -i count=0 i
  local -a verbs of_verb everywhere old
  for ((i = 2; i < CURRENT; i++)); do
    word=\${(Q)words[i]}
    if [[ -n $option ]]; then
      [[ $option == (-c|--config|--admin.conf) ]] && conf=\${word/#\\~\\//$HOME/}
      option=''
    elif _crontabber_takes $word; then option=$word
    elif [[ $word == (--config|--admin.conf)=* ]]; then conf=\${\${word#*=}/#\\~\\//$HOME/}
    elif [[ $word == -* ]]; then :
    elif [[ -z $verb ]]; then verb=$word
    else ((count++))
    fi
  done
  if [[ -z $option && $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    case $option in
${values.join("\n")}
    esac
    return
  fi
  everywhere=(
${options(everywhere)}
  )
  old=(
${options(oldFlags)}
  )
  verbs=(
${described(verbs.map(({ verb, says }) => [verb, says]))}
  )
  if [[ $PREFIX == -* ]]; then
    case $verb in
    '') of_verb=($old) ;;
${byVerb.join("\n")}
    esac
    _describe -o option of_verb -- everywhere
    return
  fi
  case $verb,$count in
    ,*) _describe verb verbs ;;
${operands.join("\n")}
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _crontabber "$@"; else compdef _crontabber crontabber; fi
`;
}

function offer(words: Words): string {
  switch (words.kind) {
    case "jobs":
      return "_crontabber_jobs";
    case "files":
      return "_files";
    case "choices":
      return `compadd ${words.choices.join(" ")}`;
    case "free":
      return ":";
  }
}
