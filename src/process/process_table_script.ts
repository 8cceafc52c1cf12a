/** The script of the helper shell behind {@linkcode ProcessTable}. */

import { CONTROL_GROUP_FUNCTIONS } from "./control_group_script.ts";

/**
 * Answers requests about processes, with builtins alone where that is possible.
 *
 * Nothing that a process says about itself stands at the beginning of a line of an answer, so no process can
 * forge one. `grep -z` reads NUL-terminated entries, in GNU and in busybox; without it busybox stops at the
 * first NUL. The kernel shows an environment as it was at exec, and none for a moment during exec.
 *
 * PROC_ROOT says where the process file system is mounted; where there is none, `ps` answers.
 *
 * - `hello` → `hello SOURCE MARKS BOOT_ID PID_MAX`: where the answers come from (`proc`, `ps`, `none`), whether
 *   environments can be read
 * - `stat PID` → what is known of one process, nothing if it does not exist
 * - `after PID [KNOWN]` → `born LAST PID:SESSION …`: what exists of the pids given out after PID and up to LAST (thread
 *   ids among them, those in KNOWN not), with 0 as the session of what ended during the look; or `many`
 * - `environments [PIDS]` → `looked LAST PIDS`: the pid given out last before the look, and which processes were
 *   looked at (without PIDS, all); then NUL-terminated `PID/environ:ENTRY`, where ENTRY is one of omk's variables or
 *   the first character of another one, or lines `ps PID COMMAND ENVIRONMENT`
 * - `unborn PIDS` → `unborn PID` for those without an environment that are neither dead nor threads of the kernel:
 *   they run exec
 * - `table` → what is known of every process
 * - `group-…`: see {@linkcode CONTROL_GROUP_FUNCTIONS}
 */
export const PROCESS_TABLE_SCRIPT = `
trap '' HUP INT QUIT TERM
cd /
source=none marks=no boot=- pid_max=0 environments=
own=
IFS= read -r own <"$PROC_ROOT/$$/environ"
case $own in
*"PROC_ROOT=$PROC_ROOT"*)
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
    # This script is an argument, so what is looked for must not stand in it.
    ps $how | grep -q "^ *$$ .* PROC_ROOT=$PROC_ROOT" && marks=yes environments=$how && break
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
  first=$1 pid=$1 known=" $* " born=
  last_pid
  # Until none was given out during the look: whoever forks later was seen.
  while [ "$pid" -ne "$last" ]; do
    if [ "$last" -lt "$pid" ] || [ $((last - first)) -gt 256 ]; then
      echo many
      return
    fi
    while [ "$pid" -lt "$last" ]; do
      pid=$((pid + 1))
      # Reading costs a system call for each byte, so what is known is not read.
      case $known in *" $pid "*) continue ;; esac
      if [ -d "$pid" ]; then
        read_stat "$pid"
        set -- $fields 0 0 0 0
        born="$born $pid:$4"
      fi
    done
    last_pid
  done
  printf 'born %s%s\\n' "$last" "$born"
}

proc_environments() {
  last_pid
  if [ $# -eq 0 ]; then set -- [1-9]*; fi
  printf 'looked %s %s\\n' "$last" "$*"
  # One read per process decides: an answer put together from two can miss a process that ran exec in between.
  entry='^OMK_(MARK|TASK_ID|ATTEMPT|GUARDIAN)=[^[:cntrl:]]*|^[^[:cntrl:]]'
  if [ $# -le 16 ]; then
    files=
    for pid do files="$files $pid/environ"; done
    grep -HsazoE "$entry" $files
  else
    printf '%s/environ\\n' "$@" | xargs grep -HsazoE "$entry"
  fi
  echo
}
ps_environments() {
  echo looked 0
  ps $environments | grep -E ' OMK_(MARK|GUARDIAN)=' | while read -r line; do printf 'ps %s\\n' "$line"; done
}

proc_unborn() {
  for pid do
    [ -r "$pid/environ" ] || continue
    # Threads of the kernel and the dead have no program: there are many, and reading is dear.
    [ -e "$pid/exe" ] || continue
    read_stat "$pid"
    case $fields in
    '' | ' Z '* | ' X '* | ' '?' 0 0 0 '* | ' '?' 2 0 0 '*) ;;
    *) echo "unborn $pid" ;;
    esac
  done
}

proc_table() {
  printf '%s\\n' [1-9]*/stat | xargs grep -Hs ''
}
ps_table() {
  ps -A -o pid= -o pgid= -o stat= -o time= | while read -r line; do printf 'ps %s\\n' "$line"; done
}

${CONTROL_GROUP_FUNCTIONS}
while read -r verb first; do
  case $source:$verb in
  *:hello) printf 'hello %s %s %s %s\\n' "$source" "$marks" "\${boot:--}" "\${pid_max:-0}" ;;
  proc:after) proc_after $first ;;
  *:after) echo many ;;
  none:*) ;;
  *:stat) "$source"_stat "$first" ;;
  # Unquoted: pids, one word each.
  *:environments) "$source"_environments $first ;;
  proc:unborn) proc_unborn $first ;;
  ps:unborn) ;;
  *:table) "$source"_table ;;
  # Unquoted: two words.
  proc:group-open) group_open $first ;;
  *:group-open) echo 'nogroup this system has no control groups' ;;
  *:group-limits) group_limits "$first" ;;
  *:group-state) group_state "$first" ;;
  *:group-kill) group_kill "$first" ;;
  *:group-remove) group_remove "$first" ;;
  proc:group-find) group_find "$first" ;;
  esac
  echo .
done
`;
