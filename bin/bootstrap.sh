# Sourced by bin/up, bin/test and bin/campaign, which set `here`: makes what a fresh clone lacks, once.
# It defines `root` and `python`; what was half made by an interrupted start is made again.

root=$(dirname -- "$here")
venv=$root/.venv
python=$venv/bin/python

# Our modules from the clone, from any directory, and nobody else's from the one we are called in.
PYTHONPATH=$root PYTHONSAFEPATH=1
export PYTHONPATH PYTHONSAFEPATH
unset PYTHONHOME

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# What .venv was made from: its Python, and the pinned packages of one file.
stamp() { "$python" -V && cksum <"$root/$1"; }
installed() { [ -f "$venv/.$1" ] && [ "$(stamp "$1" 2>/dev/null)" = "$(cat "$venv/.$1")" ]; }
usable() { [ -f "$venv/.requirements.txt" ] && [ "$("$python" -V 2>/dev/null)" = "$(head -n 1 "$venv/.requirements.txt")" ]; }

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

base_python() {
    bare=
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$name" >/dev/null && suits "$name" || continue
        "$name" -c 'import ensurepip, venv' 2>/dev/null && { printf '%s\n' "$name"; return; }
        bare=${bare:-$name}
    done
    [ -z "$bare" ] || fail "$bare has no venv module: install the package $bare-venv (on Debian and Ubuntu: apt-get install $bare-venv)"
    fail "Python 3.11, 3.12, 3.13 or 3.14 is needed, and none was found"
}

install() {
    say "Installing $1 into .venv ..."
    rm -f "$venv/.$1"
    "$python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes \
        --only-binary :all: -r "$root/$1" || fail "The packages of $1 could not be installed (see above)"
    stamp "$1" >"$venv/.$1"
}

make_venv() {
    base=$(base_python) || exit 1
    say "Making .venv with $("$base" -V) ..."
    "$base" -m venv --clear "$venv" || fail "$venv could not be made (see above)"
}

# set_up FILE...: .venv holds exactly what these files pin.
set_up() {
    for file in "$@"; do installed "$file" || { set_up_anew "$@"; break; }; done
    compile_catalogues
}

# Two first starts at once take turns where the system has flock.
set_up_anew() {
    exec 9<"$root/requirements.txt"
    if command -v flock >/dev/null; then flock 9; fi
    usable || make_venv
    for file in "$@"; do installed "$file" || install "$file"; done
    exec 9<&-
}

compile_catalogues() {
    for po in "$root"/campaign/translations/*/LC_MESSAGES/*.po; do
        if [ -f "$po" ] && ! [ "${po%.po}.mo" -nt "$po" ]; then
            "$python" -m babel.messages.frontend --quiet compile -d "$root/campaign/translations" ||
                fail "The translations could not be compiled (see above)"
            return
        fi
    done
}
