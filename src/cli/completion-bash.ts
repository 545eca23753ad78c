/** The script for bash (3.2 and newer; bash-completion is not needed). */
import { everywhere, oldFlags, quoted, type ShellOption, valued, verbs, type Words } from "./completion-table.ts";

export function bashScript(): string {
  const byVerb = verbs.map(({ verb, options }) => `    ${verb}) echo ${quoted(spellings(options).join(" "))} ;;`);
  const operands = verbs.flatMap(({ verb, operands: all, many }) =>
    all.map((words, i) => `    ${verb},${many && i === all.length - 1 ? "*" : i}) ${offer(words)} ;;`),
  );
  const values = valued().map(({ spellings: names, value }) => `    ${names.join("|")}) ${offer(value)} ;;`);
  return `# bash completion for crontabber: eval "$(crontabber completion bash)"
_crontabber_takes() { # an option that takes a value
  case $1 in
    ${valued()
      .flatMap((option) => option.spellings)
      .join("|")}) return 0 ;;
  esac
  return 1
}

_crontabber_options() { # of a verb
  case $1 in
${byVerb.join("\n")}
    '') echo ${quoted(spellings(oldFlags).join(" "))} ;;
  esac
}

_crontabber_from() { # what is typed, one word a line
  local word
  while IFS= read -r word; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
  done
}

_crontabber_jobs() {
  local me=\${COMP_WORDS[0]/#\\~/$HOME}
  _crontabber_from < <(if [[ -n $conf ]]; then "$me" completion jobs -c "$conf"; else "$me" completion jobs; fi 2>/dev/null)
}

_crontabber_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}

_crontabber() {
  local line=\${COMP_LINE:0:COMP_POINT} cur='' verb='' conf='' option='' count=0 word i
  local -a all=()
  COMPREPLY=()
  IFS=$' \\t' read -ra all <<< "$line"
  case $line in *[$' \\t']) ;; *) cur=\${all[\${#all[@]}-1]}; unset "all[\${#all[@]}-1]" ;; esac
  for ((i = 1; i < \${#all[@]}; i++)); do
    word=\${all[i]}
    if [[ -n $option ]]; then
      case $option in -c|--config|--admin.conf) conf=\${word/#\\~/$HOME} ;; esac
      option=''
    elif _crontabber_takes "$word"; then option=$word
    else
      case $word in
        --config=*|--admin.conf=*) conf=\${word#*=}; conf=\${conf/#\\~/$HOME} ;;
        -*) ;;
        *) if [[ -z $verb ]]; then verb=$word; else count=$((count + 1)); fi ;;
      esac
    fi
  done
  local before=''
  if [[ -z $option && $cur == --*=* ]]; then
    option=\${cur%%=*}
    before="$option="
    cur=\${cur#*=}
  fi
  if [[ -n $option ]]; then
    case $option in
${indented(values)}
    esac
    # Where bash itself breaks words at =, it keeps what stands before it.
    if [[ -n $before && $COMP_WORDBREAKS != *=* ]]; then COMPREPLY=("\${COMPREPLY[@]/#/$before}"); fi
    return
  fi
  if [[ $cur == -* ]]; then
    _crontabber_from < <(tr ' ' '\\n' <<< ${quoted(spellings(everywhere).join(" "))}" $(_crontabber_options "$verb")" | grep .)
    return
  fi
  case $verb,$count in
    ,*) _crontabber_from <<< $'${verbs.map(({ verb }) => verb).join("\\n")}' ;;
${operands.join("\n")}
  esac
}
complete -F _crontabber crontabber
`;
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");
const spellings = (options: readonly ShellOption[]): string[] => options.flatMap((option) => option.spellings);

function offer(words: Words): string {
  switch (words.kind) {
    case "jobs":
      return "_crontabber_jobs";
    case "files":
      return "_crontabber_files";
    case "choices":
      return `_crontabber_from <<< $'${words.choices.join("\\n")}'`;
    case "free":
      return ":";
  }
}
