/** The part of the helper shell that deals with control groups (cgroup v2): Deno may not write below /sys by itself. */

/**
 * Functions for {@linkcode PROCESS_TABLE_SCRIPT}. Paths of control groups may hold spaces and backslashes.
 *
 * - `group-open WHERE NAME` → `group PATH` after a group NAME below the own one was made and entered, or
 *   `nogroup REASON`. WHERE is `any`, or `delegated`: only where the system has left what is below the own group to this
 *   user, and no other manager is there, as at the root of the machine, and for root under systemd
 * - `group-limits PATH` → `limits CONTROLLERS`: which of `memory` and `pids` the groups below PATH have from now on
 * - `group-state PATH` → `state POPULATED PROCESSES OOM_KILLS REFUSED_FORKS`
 * - `group-kill PATH`: kills everything in the group and below it
 * - `group-remove PATH`: removes the group and those below it, which are empty; omk itself goes back to where it was
 * - `group-find NAME` → `found PATH` for every group of that name
 */
export const CONTROL_GROUP_FUNCTIONS = `
group_mount() {
  # The root that the mount shows, and where.
  sed -n 's/^[^ ]* [^ ]* [^ ]* \\([^ ]*\\) \\([^ ]*\\) .* - cgroup2 .*/\\1 \\2/p' "$PROC_ROOT/$$/mountinfo" | sed -n 1p
}
group_parent() {
  # Sets parent to the directory of the own group.
  own= parent=
  while IFS= read -r line; do
    case $line in 0::/*) own=\${line#0::} ;; esac
  done <"$PROC_ROOT/$$/cgroup"
  set -- $(group_mount)
  [ -n "$own" ] && [ $# -eq 2 ] || return 1
  case $own/ in "\${1%/}"/*) ;; *) return 1 ;; esac
  own=\${own#"\${1%/}"}
  parent=$2\${own%/}
}
group_is_delegated() {
  # Only the root of the machine has no type.
  [ -e "$parent/cgroup.type" ] || return 1
  [ ! -d /run/systemd/system ] || [ "$(id -u)" -ne 0 ]
}
group_open() {
  if ! group_parent; then
    echo 'nogroup this system shows no control groups of version 2'
    return
  fi
  if ! [ -w "$parent" ] || ! [ -w "$parent/cgroup.procs" ]; then
    echo 'nogroup the control group that omk is in is not delegated to its user'
    return
  fi
  if [ "$1" = delegated ] && ! group_is_delegated; then
    echo 'nogroup the control group that omk is in is managed by the system'
    return
  fi
  shift
  mkdir "$parent/$1"
  # It runs in the subshell: what enters is never the helper.
  if ! (echo 0 >"$parent/$1/cgroup.procs"); then
    rmdir "$parent/$1"
    echo 'nogroup no process may be moved into a control group here'
  elif ! [ -w "$parent/$1/cgroup.kill" ] && ! [ -w "$parent/$1/cgroup.freeze" ]; then
    rmdir "$parent/$1"
    echo 'nogroup the kernel can neither kill nor freeze a control group: it is older than 5.2'
  else
    printf 'group %s\\n' "$parent/$1"
  fi
}
group_enable() {
  for controller in memory pids; do echo "+$controller" >"$1/cgroup.subtree_control"; done
}
group_limits() {
  parent=\${1%/*}
  # A group with processes of its own hands no controllers on, or turns into one in which groups can hold no process; only
  # the root of the machine does. So omk makes room, if it is alone there.
  alone=yes
  while read -r pid; do
    case $pid in $$ | "$PPID") ;; *) alone=no ;; esac
  done <"$parent/cgroup.procs"
  if ! [ -e "$parent/cgroup.type" ] || { [ "$alone" = yes ] && mkdir "$1.self" && group_move "$1.self" "$PPID" $$; }; then
    group_enable "$parent"
    group_enable "$1"
  fi
  enabled=
  read -r enabled <"$1/cgroup.subtree_control"
  printf 'limits %s\\n' "$enabled"
}
group_move() {
  destination=$1
  shift
  for pid; do echo "$pid" >"$destination/cgroup.procs"; done
}
group_value() {
  # The value of key $2 in file $1; 0 where there is none.
  value=0
  [ -r "$1" ] || return
  while read -r key number; do
    case $key in "$2") value=$number ;; esac
  done <"$1"
}
group_state() {
  group_value "$1/cgroup.events" populated
  populated=$value processes=0
  if [ "$populated" -ne 0 ]; then
    while read -r pid; do processes=$((processes + 1)); done <"$1/cgroup.procs"
  fi
  group_value "$1/memory.events" oom_kill
  kills=$value
  group_value "$1/pids.events" max
  printf 'state %s %s %s %s\\n' "$populated" "$processes" "$kills" "$value"
}
group_kill() {
  if [ -w "$1/cgroup.kill" ]; then
    echo 1 >"$1/cgroup.kill"
  else
    # What is frozen forks no more, and dies all the same.
    echo 1 >"$1/cgroup.freeze"
    for pid in $(find "$1" -name cgroup.procs -exec cat {} +); do kill -KILL "$pid"; done
    echo 0 >"$1/cgroup.freeze"
  fi
}
group_remove() {
  find "$1" -depth -type d -exec rmdir {} +
  [ -d "$1.self" ] || return
  for controller in memory pids; do echo "-$controller" >"\${1%/*}/cgroup.subtree_control"; done
  # What omk has started meanwhile is there too. Those of a dead omk are gone.
  group_move "\${1%/*}" $(cat "$1.self/cgroup.procs")
  rmdir "$1.self"
}
group_find() {
  set -- "$1" $(group_mount)
  [ $# -eq 3 ] || return
  find "$3" -type d -name "$1" | while IFS= read -r path; do printf 'found %s\\n' "$path"; done
}
`;
