/** The script of the helper shell behind {@linkcode ProcessTable}. */

/**
 * Answers requests about processes, with builtins alone where that is possible. Fields are separated by tabs.
 *
 * Nothing that a process says about itself stands at the beginning of a line of an answer, so no process can
 * forge one. `grep -z` reads NUL-terminated entries, in GNU and in busybox; without it busybox stops at the
 * first NUL. An environment is read as it was at exec: that is what the kernel shows.
 *
 * PROC_ROOT says where the process file system is mounted; where there is none, `ps` answers.
 *
 * - `hello` → `hello SOURCE MARKS BOOT_ID PID_MAX`: where the answers come from (`proc`, `ps`, `none`), whether
 *   environments can be read
 * - `stat PID` → what is known of one process, nothing if it does not exist
 * - `after PID` → `born PID:SESSION …`: what exists of the pids given out after PID (thread ids among them), with
 *   0 as the session of what ended during the look; or `many`
 * - `carriers MARK TASK ATTEMPT [PIDS]` → `ROLE PID` for each process, of PIDS or of all, with MARK as one element
 *   of OMK_MARK and that OMK_TASK_ID and OMK_ATTEMPT (`*`: any); ROLE is `task`, `guardian`, or `gone` for what
 *   ended during the look
 * - `guardians MARK` → `guardian PID` for the guardian of the omk process with that mark
 * - `table` → what is known of every process
 */
export const PROCESS_TABLE_SCRIPT = `
trap '' HUP INT QUIT TERM
cd /
tab=$(printf '\\t')
newline='
'
source=none marks=no boot=- pid_max=0 environments=
own=
IFS= read -r own <"$PROC_ROOT/$$/environ"
case $own in
*LC_ALL=C*)
  source=proc marks=yes
  cd "$PROC_ROOT"
  # The read builtin reads byte by byte, and files of numbers under /proc/sys give one read only.
  set -- $(cat sys/kernel/random/boot_id sys/kernel/pid_max)
  boot=$1 pid_max=$2
  ;;
*)
  boot=$(sysctl -n kern.bootsessionuuid)
  [ -n "$(ps -o lstart= -p $$)" ] && source=ps
  for how in '-A -E -ww -o pid=,command=' 'axeww -o pid=,args='; do
    ps $how | grep -q "^ *$$ .* LC_ALL=C" && marks=yes environments=$how && break
  done
  ;;
esac

read_stat() {
  # $1: pid. Sets fields to what follows the command, which may hold newlines, spaces and parentheses.
  text=
  while IFS= read -r line; do text="$text $line"; done <"$1/stat"
  fields=\${text##*)}
}
proc_stat() {
  read_stat "$1"
  [ -z "$text" ] || printf 'stat%s\\n' "$fields"
}
ps_stat() {
  ps -o pgid= -o stat= -o lstart= -p "$1" | while read -r line; do printf 'ps %s\\n' "$line"; done
}

last_pid() {
  last=0
  read -r a b c d last <loadavg
}
proc_after() {
  first=$1 pid=$1 born=
  last_pid
  # Until none was given out during the look: whoever forks later was seen.
  while [ "$pid" -ne "$last" ]; do
    if [ "$last" -lt "$pid" ] || [ $((last - first)) -gt 256 ]; then
      echo many
      return
    fi
    while [ "$pid" -lt "$last" ]; do
      pid=$((pid + 1))
      if [ -d "$pid" ]; then
        read_stat "$pid"
        set -- $fields 0 0 0 0
        born="$born $pid:$4"
      fi
    done
    last_pid
  done
  printf 'born%s\\n' "$born"
}

holders() {
  # $1: grep flag, $2: pattern, then files: those with an entry that matches. Long lists go through xargs.
  flag=$1 pattern=$2
  shift 2
  if [ $# -le 4000 ]; then
    [ $# -eq 0 ] || grep -lsz "$flag" -- "$pattern" "$@"
  else
    printf '%s\\n' "$@" | xargs grep -lsz "$flag" -- "$pattern"
  fi
}
proc_carriers() {
  mark=$1 task=$2 attempt=$3 pids=$4
  if [ -z "$pids" ]; then
    set -- [1-9]*/environ
  else
    set --
    for pid in $pids; do set -- "$@" "$pid/environ"; done
  fi
  set -- $(holders -E "^OMK_MARK=([^:]*:)*$mark(:.*)?\\$" "$@")
  [ "$task" = '*' ] || set -- $(holders -xF "OMK_TASK_ID=$task" "$@")
  [ "$attempt" = '*' ] || set -- $(holders -xF "OMK_ATTEMPT=$attempt" "$@")
  guardians=$newline$(holders -E '^OMK_GUARDIAN=' "$@")$newline
  for file do
    pid=\${file%/environ} role=gone
    [ -d "$pid" ] && role=task
    case $guardians in *"$newline$file$newline"*) role=guardian ;; esac
    echo "$role $pid"
  done
}
ps_carriers() {
  # In one line per process, entries end at a space: a value with a space is seen up to it.
  ps $environments | grep -E " OMK_MARK=([^ :]*:)*$1([ :]|\\$)" | while read -r pid text; do
    [ "$2" = '*' ] || case "$text " in *" OMK_TASK_ID=\${2%% *} "*) ;; *) continue ;; esac
    [ "$3" = '*' ] || case "$text " in *" OMK_ATTEMPT=$3 "*) ;; *) continue ;; esac
    case $text in
    *' OMK_GUARDIAN='*) echo "guardian $pid" ;;
    *) echo "task $pid" ;;
    esac
  done
}

proc_guardians() {
  for file in $(holders -xF "OMK_GUARDIAN=$1" [1-9]*/environ); do echo "guardian \${file%/environ}"; done
}
ps_guardians() {
  ps $environments | grep -E " OMK_GUARDIAN=$1( |\\$)" | while read -r pid text; do echo "guardian $pid"; done
}

proc_table() {
  printf '%s\\n' [1-9]*/stat | xargs grep -Hs ''
}
ps_table() {
  ps -A -o pid= -o pgid= -o stat= -o time= | while read -r line; do printf 'ps %s\\n' "$line"; done
}

while IFS=$tab read -r verb first second third rest; do
  case $source:$verb in
  *:hello) printf 'hello %s %s %s %s\\n' "$source" "$marks" "\${boot:--}" "\${pid_max:-0}" ;;
  proc:after) proc_after "$first" ;;
  *:after) echo many ;;
  none:*) ;;
  *:stat) "$source"_stat "$first" ;;
  *:carriers) "$source"_carriers "$first" "$second" "$third" "$rest" ;;
  *:guardians) "$source"_guardians "$first" ;;
  *:table) "$source"_table ;;
  esac
  echo .
done
`;
