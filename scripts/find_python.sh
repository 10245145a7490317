#!/bin/sh
# Prints a working Python of the given version (such as 3.13) that can make virtual environments,
# also one that is not on the PATH: of pyenv, uv, Homebrew, conda. Exits with 1 when there is none.
version=$1

candidates() {
    echo "$PATH" | tr ':' '\n' | sed "s|\$|/python$version|"
    for place in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/* "$HOME"/.local/share/uv/python/* "$HOME/.local" \
        "$HOME"/*conda3 "$HOME"/*conda3/envs/* /opt/*conda3 /opt/homebrew /opt/python* /usr/local \
        /Library/Frameworks/Python.framework/Versions/"$version"; do
        echo "$place/bin/python$version"
    done
    command -v uv >/dev/null && uv python find --no-project "$version" 2>/dev/null
    command -v python3
}

candidates | while read -r python; do
    [ -x "$python" ] || continue
    # A shim may be there without a Python behind it, and Debian packs ensurepip apart.
    "$python" -c "import sys, ensurepip, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" \
        2>/dev/null || continue
    "$python" -c "import sys; print(sys.executable)"
    break
done | grep .
