"""The programs that hosts run to take, give and compare files: for any POSIX shell, with nothing to install.

A file on its way is a part beside its target, `.NAME.runbook-KEY-CONTENT-MARK`, which only its user can read: KEY stands
for the host's name, CONTENT for the checksum of the whole, MARK for one receiver. Nobody writes to a part that another
receiver may still hold: whoever goes on copies what is there and checks the copy, so a receiver that was forgotten finds
nothing under its name and can neither finish nor spoil anything.
"""

import shlex

BLOCK = 65_536  # bytes; what has arrived counts in whole blocks

CHECKSUM = """export LC_ALL=C
digest() {
  if command -v sha256sum >/dev/null; then sha256sum
  elif command -v shasum >/dev/null; then shasum -a 256
  elif command -v sha256 >/dev/null; then sha256 -q
  else openssl dgst -sha256 -r
  fi 2>/dev/null | { IFS=' ' read -r s _ && printf %s "$s"; }
}
sum() { digest <"$1"; }
size() { echo $(($(wc -c <"$1"))); }
"""

PLACE = """mode_of() { stat -c %a -- "$1" 2>/dev/null || stat -f %Lp -- "$1"; }
owner_of() { stat -c %U:%G -- "$1" 2>/dev/null || stat -f %Su:%Sg -- "$1"; }
if [ -L "$t" ]; then t=$(readlink -f -- "$t") || say "the link leads nowhere"; fi
if [ -d "$t" ]; then say "$t is a folder"; fi
d=$(dirname -- "$t")
[ -d "$d" ] || say "the folder $d does not exist"
q=$d/.$(printf %.180s "$(basename -- "$t")").runbook-$key
is_there() {
  m=${mode:-600} o=$owner
  [ -e "$t" ] || return
  have=$(owner_of "$t") m=${mode:-$(mode_of "$t")} o=
  case $owner in *:*) o=$owner;; ?*) o=$owner:${have#*:};; *) o=$have;; esac
  [ "$o" = "$have" ] && [ "$(mode_of "$t")" = "${m#0}" ] && [ "$(size "$t")" = "$length" ] && [ "$(sum "$t")" = "$want" ]
}
"""

# Says `same`, or `have BLOCKS CHECKSUM`; reads the number of blocks that count, and then the rest.
RECEIVE = f"""say() {{ printf '%s\\n' "$*" >&2; exit 1; }}
umask 077
{PLACE}
if is_there; then rm -f -- "$q"-*; echo same; exit; fi
n=$q-$content-$mark keep=
end() {{
  rm -f -- "$q-old-$mark"
  [ -n "$keep" ] && [ -f "$n" ] && [ "$(size "$n")" -ge {BLOCK} ] || rm -f -- "$n"
}}
(set -C; : >"$n") || exit 1
trap end EXIT
trap 'exit 1' HUP INT TERM PIPE
k=0
for p in "$q"-*; do
  [ -f "$p" ] && [ ! -L "$p" ] && [ "$p" != "$n" ] || continue
  case $p in "$q-$content"-*)
    c=$(($(size "$p") / {BLOCK}))
    if [ "$c" -gt "$k" ]; then dd bs={BLOCK} count="$c" <"$p" >"$n" 2>/dev/null && k=$c || k=0; fi;;
  esac
  rm -f -- "$p"
done
keep=1
if [ "$k" -gt 0 ]; then echo "have $k $(sum "$n")"; else echo 'have 0 -'; fi
IFS= read -r from || exit 1
[ "$from" = "$k" ] || : >"$n"
cat >>"$n" || {{ keep=; exit 1; }}
[ -f "$n" ] && [ ! -L "$n" ] || {{ keep=; say "what had arrived was taken away"; }}
got=$(size "$n")
[ "$got" -ge "$length" ] || say "only $got of $length bytes have arrived"
keep= s=$(sum "$n")
[ ! -L "$n" ] && [ -n "$s" ] || say "there is no tool to compute SHA-256, or the file was taken away"
[ "$s" = "$want" ] || say "what arrived is not what was sent: $t is unchanged"
case $o in ''|"$(owner_of "$n")") ;; *) chown -h -- "$o" "$n" || exit 1;; esac
chmod -- "$m" "$n" || exit 1
sync -- "$n" 2>/dev/null
v=$t.before-runbook-$backup
if [ -n "$backup" ] && [ -f "$t" ] && [ ! -e "$v" ]; then
  cp -p -- "$t" "$q-old-$mark" || exit 1
  ln -- "$q-old-$mark" "$v" 2>/dev/null || [ -e "$v" ] || mv -f -- "$q-old-$mark" "$v" || exit 1
fi
mv -f -- "$n" "$t" || exit 1
"""

# Says `same` or `other`. What is under way under another name is taken from its receiver, which can then finish nothing.
COMPARE = f"""say() {{ echo other; exit; }}
{PLACE}
for p in "$q"-*; do
  if [ -f "$p" ]; then mv -f -- "$p" "${{p%-*}}-$mark" || exit 1; fi
done
if is_there; then echo same; else echo other; fi
"""

# Says the number of blocks that it leaves out, because they are there already; then the rest; its checksum on stderr.
GIVE = f"""say() {{ printf '%s\\n' "$*" >&2; exit 1; }}
[ -e "$f" ] || say "$f does not exist"
[ -f "$f" ] || say "$f is not a file"
exec 3<"$f" || exit 1
if [ "$blocks" -gt 0 ] && [ "$(dd bs={BLOCK} count="$blocks" <&3 2>/dev/null | digest)" != "$there" ]; then
  blocks=0
  exec 3<"$f" || exit 1
fi
echo "$blocks"
cat <&3 || exit 1
printf %s "$mark" >&2
printf '%s\\n' "$(sum "$f")" >&2
"""


def assigned(**values: str | int) -> str:
    """The first lines of a program: its variables."""
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())


def harmless_path(path: str) -> str:
    """A path that no tool takes for an option."""
    return f"./{path}" if path.startswith("-") else path
