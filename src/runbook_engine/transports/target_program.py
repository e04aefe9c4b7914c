"""The program that starts steps on a host so that they run at most once and outlive the connection: functions for POSIX sh.

They are sent once into a shell that is kept open; after that each request is one call. What a host remembers of an attempt
is one file that only grows, BASE/ID. Its records end with a dot, so that half a record is none:

    boot BOOT .     claimed, under this boot id
    armed .         it begins by itself when its delay has passed, unless a fence comes before
    run PID PPID .  the second claim, by the script's own shell once it has read all of the script
    fence .         it must not run
    limit .         its time was up
    exit N .        it has ended

Of `run` and `fence` the first one counts: appending is atomic and says who came first, needs no process, and works on a
full disk, for the file has its block since `boot`. Output is in BASE/ID+out and BASE/ID+err until it is cleaned away.
The script goes through a pipe to a shell that parses it to the end before it does anything; it is in no argument, no
environment and no file. Processes: the runner, in a session of its own, waits for the script's shell, in another one.
"""

from shlex import quote

# The script's shell reads this before the script. $1 is the record, $2 the umask that the script is to have, $4 a delay.
BEGIN = r"""
exec </dev/null
[ "$4" = 0 ] || { printf '\narmed .\n' >>"$1"; sleep "$4"; }
{ printf '\nrun %s %s .\n' "$$" "$PPID" >>"$1"; } 2>/dev/null
while read -r rb_1 rb_2; do case $rb_1 in run|fence) break ;; esac; done <"$1"
[ "$rb_1 $rb_2" = "run $$ $PPID ." ] || exit 0
umask "$2"; unset rb_1 rb_2; set --
"""

# The runner. $1 is the record, $2 the limit in seconds (0: none), $3 the umask, $4 the id, $5 setsid or nohup, $6 the delay.
RUNNER = r"""
rb_w=
[ "$2" = 0 ] || {
  (
    trap 'kill $!; exit' TERM
    sleep "$2" & wait $! || exit
    # From here on the watchdog is not to be called off: the script's group ends.
    trap '' TERM
    while read -r rb_1 rb_2 rb_3; do [ "$rb_1" = run ] && break; done <"$1"
    [ "$rb_1" = run ] || exit
    printf '\nlimit .\n' >>"$1"
    kill -TERM "-$rb_2" || kill -TERM "$rb_2"
    sleep 1; sleep 1
    kill -KILL "-$rb_2" || kill -KILL "$rb_2"
  ) &
  rb_w=$!
}
# In a subshell: what a shell says about a process that was killed is not the script's output.
( exec "$5" /bin/sh -s "$1" "$3" "# rb $4;" "$6" >"$1+out" 2>"$1+err" )
rb_c=$?
[ -z "$rb_w" ] || {
  kill -TERM "$rb_w"
  while read -r rb_1 rb_2; do [ "$rb_1" != limit ] || wait "$rb_w"; done <"$1"
}
# The fence says that it never ran; it counts only if no `run` is before it.
printf '\nfence .\nexit %s .\n' "$rb_c" >>"$1"
"""

FUNCTIONS = r"""
rb_say() { printf '\n%s %s %s\n' "$rb_word" "$1" "$rb_boot"; }

# WORD: look at the base directory and say the boot id.
rb_open() {
  rb_word=$1 rb_base= rb_boot= rb_umask=$(umask) rb_uid=$(id -u) rb_parent= rb_detach=nohup
  { read -r rb_boot <"${RUNBOOK_BOOT_FILE:-/proc/sys/kernel/random/boot_id}"; } 2>/dev/null
  [ -n "$rb_boot" ] || rb_boot=$({ sysctl -n kern.boottime || who -b; } 2>/dev/null | tr -cs A-Za-z0-9:.- _)
  [ -n "$rb_boot" ] || rb_boot=-
  command -v setsid >/dev/null 2>&1 && rb_detach=setsid
  kill -0 "$PPID" 2>/dev/null && rb_parent=$PPID
  rb_d=${RUNBOOK_BASE:-${HOME:+$HOME/.runbook}} rb_d=${rb_d%/}
  case $rb_d in /*) ;; *) rb_say badbase; return ;; esac
  [ -h "$rb_d" ] || [ -d "$rb_d" ] || { umask 077; mkdir "$rb_d"; umask "$rb_umask"; } 2>/dev/null
  [ -d "$rb_d" ] || { rb_say badbase; return; }
  rb_1=$(find "$rb_d" "$rb_d/+swept" -prune \( -type d -user "$rb_uid" \( -perm 700 -o -perm 2700 \) \
    -o -type f -name +swept -mtime -1 \) -print 2>/dev/null)
  case $rb_1 in
  "$rb_d") rb_base=$rb_d; rb_sweep ;;
  "$rb_d
$rb_d/+swept") rb_base=$rb_d ;;
  *) rb_say badbase; return ;;
  esac
  if rb_logout; then rb_say 'ready logout'; else rb_say ready; fi
}

# Once a day: forget what ended more than 30 days ago.
rb_sweep() {
  umask 077; { true >"$rb_base/+swept"; } 2>/dev/null; umask "$rb_umask"
  ( cd "$rb_base" &&
    find . -type f -name '[A-Za-z]*' ! -name '*+*' -mtime +30 -exec grep -l -e '^exit ' -e '^fence ' {} + |
      sed 's/.*/& &+out &+err/' | xargs rm -f ) </dev/null >/dev/null 2>&1 &
}

# Whether systemd-logind ends our processes when the session does; it spares root. A comment in its file tells the default.
rb_logout() {
  rb_1= rb_3=; while read -r rb_2; do case $rb_2 in */session-*.scope) rb_1=1 ;; esac; done </proc/self/cgroup
  [ -n "$rb_1" ] && [ "$rb_uid" != 0 ] || return
  for rb_1 in /usr/lib/systemd/logind.conf /etc/systemd/logind.conf /usr/lib/systemd/logind.conf.d/*.conf \
    /run/systemd/logind.conf.d/*.conf /etc/systemd/logind.conf.d/*.conf; do
    [ ! -r "$rb_1" ] || while read -r rb_2; do
      case $rb_2 in KillUserProcesses=*|'#KillUserProcesses='*) rb_3=${rb_2#*=} ;; esac
    done <"$rb_1"
  done
  case $rb_3 in yes|true|on|1) ;; *) return 1 ;; esac
} 2>/dev/null

# WORD ID: which attempt this request is about.
rb_about() {
  rb_word=$1 rb_id=$2
  [ -n "${rb_base-}" ] || { rb_say badbase; return 1; }
  case $2 in [!A-Za-z]*|*[!A-Za-z0-9_.-]*|'') rb_say badid; return 1 ;; esac
  rb_f=$rb_base/$2
}

# What the record says.
rb_read() {
  rb_s=gone rb_b= rb_l= rb_a=
  [ -e "$rb_f" ] || return 0
  rb_s=claimed
  # The fields in reverse begin with the closing dot, if it is there.
  while read -r rb_1 rb_2 rb_3 rb_4; do
    case $rb_s,$rb_1,$rb_4$rb_3$rb_2 in
    claimed,boot,.*) rb_b=$rb_2 ;;
    claimed,armed,.*) rb_a=1 ;;
    claimed,run,.*) rb_s=running rb_p=$rb_2 rb_r=$rb_3 ;;
    claimed,fence,.*) rb_s=fenced; return ;;
    running,limit,.*) rb_l=1 ;;
    running,exit,.*) rb_s="exit $rb_2"; [ -z "$rb_l" ] || rb_s=timeout; return ;;
    esac
  done <"$rb_f"
}

# Whether process $1 is one of this attempt, and not another one that got its number.
rb_alive() {
  kill -0 "$1" || return
  rb_1=
  if [ -r "/proc/$1/cmdline" ]; then IFS= read -r rb_1 <"/proc/$1/cmdline"; else rb_1=$(ps -o args= -p "$1"); fi
  case $rb_1 in *"# rb $rb_id;"*) ;; *) return 1 ;; esac
} 2>/dev/null

# What the record says, as far as it is still true.
rb_state() {
  rb_read
  case $rb_s in running|claimed) ;; *) return ;; esac
  [ -z "$rb_b" ] || [ "$rb_b" = "$rb_boot" ] || { rb_s=rebooted; return; }
  [ "$rb_s" = claimed ] || rb_alive "$rb_r" || rb_alive "$rb_p" || {
    # It may have ended between the two looks.
    rb_read; [ "$rb_s" != running ] || rb_s=lost
  }
}

# A little while, longer each time; the end of this shell when nobody is left to hear it.
rb_nap() {
  [ -z "$rb_parent" ] || kill -0 "$rb_parent" 2>/dev/null || exit 0
  rb_n=$((rb_n + 1))
  case $rb_n in [1-6]) rb_1=0.05 ;; [7-9]|1[0-2]) rb_1=0.1 ;; 1[3-9]) rb_1=0.2 ;; *) rb_1=0.5 ;; esac
  sleep $rb_1 2>/dev/null || sleep 1
}

# From offset $1 on, or from where the descriptor stands.
rb_new() { if [ "$1" = 0 ]; then cat; else tail -c "+$(($1 + 1))"; fi; }

# OUT_OFFSET ERR_OFFSET [WAIT]: what is new, to the end; what is armed is waited for only when asked.
# The state is looked at first and the output after it, so none is missed.
rb_follow() {
  rb_n=0 rb_o=$1 rb_e=$2
  while rb_state; [ "$rb_s" = claimed ] && { [ -z "$rb_a" ] || [ -n "${3-}" ]; } && [ "$rb_n" -lt 24 ]; do rb_nap; done
  [ ! -e "$rb_f+out" ] || [ ! -e "$rb_f+err" ] || while :; do
    [ ! -s "$rb_f+out" ] || { rb_new "$rb_o" <&5; rb_o=0; }
    [ ! -s "$rb_f+err" ] || { rb_new "$rb_e" <&6 >&2; rb_e=0; }
    [ "$rb_s" = running ] || break
    rb_nap; rb_state
  done 5<"$rb_f+out" 6<"$rb_f+err"
  rb_say "$rb_s"
}

# What rb_start was given: carry it out, to its end.
rb_run() {
  printf '{ %s\neval '"' '"'%s\n}\n' "$rb_begin" "$5" 2>/dev/null | "$rb_detach" /bin/sh -c "# rb $rb_id;
$rb_runner" rb "$rb_f" "$4" "$rb_umask" "$rb_id" "$rb_detach" "${6:-0}" >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

# The same, later. The answer is `armed` once the one who is to begin it is there.
rb_arm() {
  # By exec, for around a function a shell keeps copies of what it redirects, and the link would seem to be in use.
  ( exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; rb_run "$@" ) &
  rb_n=0
  while rb_read; [ "$rb_s" = claimed ] && [ -z "$rb_a" ] && [ "$rb_n" -lt 24 ]; do rb_nap; done
  umask "$rb_umask"
  [ "$rb_s,$rb_a" != claimed,1 ] || rb_s=armed
  rb_say "$rb_s"
}

# WORD ID BOOT LIMIT_S QUOTED_SCRIPT [DELAY_S]: with a delay nobody waits for it, only for the promise that it will begin.
rb_start() {
  rb_about "$1" "$2" || return 0
  [ "$3" = "$rb_boot" ] || { rb_say otherboot; return; }
  umask 077; set -C
  # The claim: only one caller makes this file.
  if { true >"$rb_f"; } 2>/dev/null; then
    set +C
    { printf 'boot %s .\n' "$rb_boot" >>"$rb_f"; } 2>/dev/null
    rb_read
    case $rb_s,$rb_b in
    claimed,"$rb_boot")
      [ "${6:-0}" = 0 ] || { rb_arm "$@"; return; }
      rb_run "$@" ;;
    claimed,*) umask "$rb_umask"; rb_say full; return ;;
    esac
  fi
  set +C; umask "$rb_umask"
  [ -e "$rb_f" ] || { rb_say full; return; }
  rb_follow 0 0
}

# WORD ID OUT_OFFSET ERR_OFFSET [WAIT]
rb_attach() { rb_about "$1" "$2" || return 0; rb_follow "$3" "$4" "${5-}"; }

# WORD ID
rb_ask() { rb_about "$1" "$2" || return 0; rb_state; rb_say "$rb_s"; }

# WORD ID: see to it that it never starts. Only the answer `fenced` says so.
rb_fence() {
  rb_about "$1" "$2" || return 0
  rb_state
  case $rb_s in gone|claimed)
    umask 077; { printf '\nfence .\n' >>"$rb_f"; } 2>/dev/null; umask "$rb_umask"
    rb_state ;;
  esac
  rb_say "$rb_s"
}

# WORD ID SIGNAL
rb_stop() {
  rb_about "$1" "$2" || return 0
  rb_state
  [ "$rb_s" != running ] || { kill "-$3" "-$rb_p" || kill "-$3" "$rb_p"; } 2>/dev/null
  rb_state; rb_say "$rb_s"
}

# WORD ID…: delete their output, with one process for all. The records stay, so that none of them runs again.
rb_clean() {
  rb_word=$1; shift
  for rb_i; do
    rb_about "$rb_word" "$rb_i" || return 0
    rb_state
    case $rb_s in running|claimed) ;; *) set -- "$@" "$rb_f+out" "$rb_f+err" ;; esac
    shift
  done
  [ "$#" = 0 ] || rm -f "$@"
  rb_say "$rb_s"
}
"""


def target_program() -> str:
    """The functions as they are sent: one compound command, without comments."""
    texts = (f"rb_begin={quote(_bare(BEGIN))}", f"rb_runner={quote(_bare(RUNNER))}", _bare(FUNCTIONS))
    return "{\n" + "\n".join(texts) + "\n}\n"


def _bare(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))
